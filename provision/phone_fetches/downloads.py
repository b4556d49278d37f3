"""Watches downloads of images on the phone plane: which phone says it is, and how much went out.

A phone that proves itself by Digest takes its image from the public address, where only its
User-Agent names it: such a record is its claim, no more.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Self, cast

import structlog
from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import ContentRange

from provision import checkins
from provision.checkins import SentBytes, Visit
from provision.dialects import families_of
from provision.families.identification import PhoneRequest, identify
from provision.models import CheckInKind
from storage.clock import now
from storage.db import DatabaseFullError
from storage.http_answers.sending import FilePart, SendableBody
from storage.installation import Installation
from storage.request import installation

_IMAGE = "firmware.image"

_log = structlog.get_logger(__name__)


class CountedBody:
    """An answer's body that counts the bytes the server took, and reports them once when closed."""

    def __init__(
        self, body: Iterator[bytes], planned: int, report: Callable[[int, bool], None]
    ) -> None:
        self._body = body
        self._planned = planned
        self._report: Callable[[int, bool], None] | None = report
        self._sent = 0
        self._last = 0
        self._drained = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        # Only when the server asks on has it taken the piece before.
        self._sent, self._last = self._sent + self._last, 0
        try:
            piece = next(self._body)
        except StopIteration:
            self._drained = True
            raise
        self._last = len(piece)
        return piece

    def parts(self) -> tuple[bytes | FilePart, ...] | None:
        """What the body beneath is made of (SendableBody)."""
        return self._body.parts() if isinstance(self._body, SendableBody) else None

    def went_out(self, count: int) -> None:
        """Take note of what went out without being iterated (SendableBody)."""
        assert isinstance(self._body, SendableBody), "only such a body told its parts"
        self._body.went_out(count)
        self._sent, self._drained = count, count >= self._planned

    def close(self) -> None:
        """Close the body beneath and report; a second call does nothing."""
        report, self._report = self._report, None
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
        if report is not None:
            report(self._sent, self._drained)


def watch_downloads(blueprint: Blueprint, may_record: Callable[[], bool]) -> None:
    """Record, on the app that takes `blueprint`, each image that a phone downloads by name."""

    def watch(response: Response) -> Response:
        watched = request.endpoint == _IMAGE and response.status_code in {200, 206}
        if watched and request.method == "GET" and may_record():
            _watch(response)
        return response

    blueprint.after_app_request(watch)


def begin(place: Installation, visit: Visit) -> int | None:
    """Note that a download begins; its number, or None when no record could be made."""
    try:
        with place.database.writing(lasting=False) as session:
            return checkins.record(session, visit)
    except (SQLAlchemyError, DatabaseFullError):
        _log.exception("check-in-lost", kind=visit.kind)
        return None


def finish(place: Installation, number: int, status: int, sent: SentBytes) -> None:
    """Note how much of a download went out; never raises, as the answer is out already."""
    # Taken before we wait for the database: a quick phone may be back by then.
    at = now()
    try:
        with place.database.writing(lasting=False) as session:
            checkins.finish(session, number, status, sent, at)
    except (SQLAlchemyError, DatabaseFullError):
        _log.exception("download-record-lost", bytes_sent=sent.bytes_sent)


def _watch(response: Response) -> None:
    version = str((request.view_args or {}).get("version"))
    visit = _visit(version, response)
    number = begin(installation(), visit) if visit else None
    if number is not None:
        report = partial(_report, installation(), number, response.status_code, _first(response))
        body = iter(cast("Iterator[bytes]", response.response))
        planned = response.content_length or 0
        response.response = CountedBody(body, planned, partial(report, planned))


def _visit(version: str, response: Response) -> Visit | None:
    """The record of a download by a phone that names itself; None for anybody else."""
    agent = request.headers.get("User-Agent", "")
    address = request.remote_addr or ""
    asking = PhoneRequest(request.method, request.path, agent, address)
    identity = identify(asking, families_of(installation()))
    if identity.mac is None:
        return None
    return Visit(
        at=now(),
        kind=CheckInKind.FIRMWARE,
        method=request.method,
        path_kind="public",
        status=response.status_code,
        address=address,
        user_agent=agent,
        mac=identity.mac.value.hex,
        firmware=identity.firmware.value if identity.firmware else None,
        version=version,
        total_bytes=_total(response),
    )


def _report(
    place: Installation,
    number: int,
    status: int,
    first: int,
    planned: int,
    sent: int,
    drained: bool,
) -> None:
    finish(place, number, status, SentBytes(first, min(sent, planned), planned, drained))


def _content_range(response: Response) -> ContentRange:
    return response.content_range


def _first(response: Response) -> int:
    return _content_range(response).start or 0


def _total(response: Response) -> int | None:
    return _content_range(response).length or response.content_length
