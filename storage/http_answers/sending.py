"""Hands a plan's bytes to a WSGI server piece by piece, and reports once what really went out.

The report is what the phone plane's timeline is made of: a download cut in the middle shows how
far it came, and the next one shows from where it went on.
"""

import contextlib
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, Self, runtime_checkable

import structlog
from flask import Request, Response
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Headers

from storage.http_answers.byte_ranges import ByteRange
from storage.http_answers.conditions import RequestConditions
from storage.refusals import RefusedError, UnavailableError
from storage.serving import Plan, Representation, plan_response

PIECE_BYTES = 128 * 1024

_log = structlog.get_logger(__name__)


class DamagedFileError(UnavailableError):
    code = "stored-file-damaged"
    ru = "Сохранённый файл повреждён: в нём {found} байт вместо {expected}."
    en = "The stored file is damaged: it has {found} bytes instead of {expected}."


@dataclass(frozen=True)
class Sent:
    """What one answer sent of the file, in bytes of the file (part headers are not counted).

    `first_byte` is where the first range began. `bytes_sent` counts what the server took and asked
    on after; what it still buffers at a cut is counted too. `complete` means the whole planned
    answer was taken; an answer without bytes of the file (HEAD, 304, 412, 416) is complete at once.
    """

    status: int
    first_byte: int
    bytes_sent: int
    bytes_planned: int
    complete: bool


@dataclass(frozen=True, slots=True)
class FilePart:
    """Bytes of an open file, as os.sendfile takes them."""

    descriptor: int
    offset: int
    size: int


@runtime_checkable
class SendableBody(Protocol):
    """A body whose server may let the kernel copy the bytes, instead of iterating over it."""

    def parts(self) -> tuple[bytes | FilePart, ...] | None:
        """All of it, in order; None where it can only be iterated. Files stay open until close."""

    def went_out(self, count: int) -> None:
        """Take note, before it is closed, how many of its bytes went out."""

    def close(self) -> None:
        """Report and let go of the file."""


def respond(
    representation: Representation,
    open_bytes: Callable[[], BinaryIO],
    request: Request,
    on_finished: Callable[[Sent], None] | None = None,
    *,
    handed_over: Callable[[RequestConditions, Plan], Plan | None] | None = None,
) -> Response:
    """The Flask answer to `request`; `open_bytes` (seekable) is called only if bytes go out.

    `handed_over` may give the answer that lets another server send them, and None otherwise; with
    `on_finished` it is not asked, as only we can tell what went out.

    Raises DamagedFileError, before any header is sent, when the file has another size than planned;
    whatever `open_bytes` raises passes through.
    """
    conditions = RequestConditions.from_headers(request.method, request.headers)
    plan = plan_response(representation, conditions)
    if handed_over is not None and on_finished is None:
        plan = handed_over(conditions, plan) or plan
    file = _opened(open_bytes, representation.size) if plan.ranges else None
    body = PlannedBody(plan, file, on_finished)
    headers = Headers(list(plan.headers))
    return Response(body, plan.status, headers, direct_passthrough=True)


class PlannedBody:
    """The iterator that a WSGI server drains and closes; closing it reports, exactly once."""

    def __init__(
        self, plan: Plan, file: BinaryIO | None, on_finished: Callable[[Sent], None] | None
    ) -> None:
        self._plan = plan
        self._file = file
        self._on_finished = on_finished
        self._bytes_sent = 0
        self._drained = not plan.ranges
        self._pieces = self._read()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the file and report; a second call does nothing."""
        on_finished, self._on_finished = self._on_finished, None
        self._pieces.close()
        if self._file is not None:
            self._file.close()
        if on_finished is not None:
            _report(on_finished, self._sent())

    def parts(self) -> tuple[bytes | FilePart, ...] | None:
        """See SendableBody; a file that is none of this machine's can only be iterated."""
        if self._file is None:
            return None
        try:
            descriptor = self._file.fileno()
        except OSError:
            return None
        return tuple(
            FilePart(descriptor, piece.first, piece.size) if isinstance(piece, ByteRange) else piece
            for piece in self._plan.body
        )

    def went_out(self, count: int) -> None:
        """See SendableBody; `count` includes the part headers, which are not of the file.

        A server that counts knows better than the iterator, which sees only what was taken from it.
        """
        left, self._bytes_sent = count, 0
        for piece in self._plan.body:
            taken = min(left, piece.size if isinstance(piece, ByteRange) else len(piece))
            left -= taken
            if isinstance(piece, ByteRange):
                self._bytes_sent += taken
        self._drained = count == self._plan.content_length

    def _read(self) -> Generator[bytes, None, None]:
        for piece in self._plan.body:
            if isinstance(piece, ByteRange):
                yield from self._read_range(piece)
            else:
                yield piece
        self._drained = True

    def _read_range(self, piece: ByteRange) -> Generator[bytes, None, None]:
        assert self._file is not None, "a plan with ranges comes with its file"
        self._file.seek(piece.first)
        left = piece.size
        while left:
            data = self._file.read(min(PIECE_BYTES, left))
            if not data:
                raise DamagedFileError(found=piece.last + 1 - left, expected=piece.last + 1)
            yield data
            # Only now has the server taken it: at a cut it closes us at the yield.
            self._bytes_sent += len(data)
            left -= len(data)

    def _sent(self) -> Sent:
        ranges = self._plan.ranges
        return Sent(
            status=self._plan.status,
            first_byte=ranges[0].first if ranges else 0,
            bytes_sent=self._bytes_sent,
            bytes_planned=sum(piece.size for piece in ranges),
            complete=self._drained,
        )


def _opened(open_bytes: Callable[[], BinaryIO], size: int) -> BinaryIO:
    with contextlib.ExitStack() as on_error:
        file = open_bytes()
        on_error.callback(file.close)
        found = file.seek(0, os.SEEK_END)
        if found != size:
            raise DamagedFileError(found=found, expected=size)
        on_error.pop_all()
        return file


def _report(on_finished: Callable[[Sent], None], sent: Sent) -> None:
    try:
        on_finished(sent)
    except (OSError, RefusedError, SQLAlchemyError):
        # The bytes are out and cannot be called back: a full journal disk must not turn a HEAD
        # or a 304 into a 500.
        _log.exception("sent-report-failed", status=sent.status, bytes_sent=sent.bytes_sent)
