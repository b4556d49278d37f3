"""Download of an image over connections that may break: it goes on where the last one ended.

A resume asks for the rest with Range and If-Range; the answer must begin at exactly that byte
and be of the same entity, or two versions would be glued together.
"""

import asyncio
import re
from dataclasses import dataclass

from simulator.configuration import FirmwareOrder
from simulator.exchange import (
    Caller,
    Head,
    OpenAnswer,
    UnexpectedAnswerError,
    UnreachableError,
    expect,
    opened,
)
from simulator.image import ArrivingImage, WrongSizeError
from simulator.refusal import RefusedError
from simulator.story import EventKind, Tell

_PIECE = 16 * 1024
_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)")


class WrongRangeError(RefusedError):
    """A partial answer is not the part that was asked for."""


class ChangedImageError(RefusedError):
    """A partial answer belongs to another image than the bytes that the phone already has."""


@dataclass(frozen=True)
class DownloadHabits:
    """How a phone downloads: where it cuts once (bytes), how often it goes on without progress."""

    cut_after_bytes: int | None = None
    attempts: int = 5
    pause_s: float = 0.2


class Download:
    """One image being fetched; `image` holds what has arrived so far."""

    def __init__(
        self, caller: Caller, order: FirmwareOrder, tell: Tell, habits: DownloadHabits
    ) -> None:
        self.image = ArrivingImage(order.size)
        self._caller = caller
        self._order = order
        self._tell = tell
        self._habits = habits
        self._cut_at = habits.cut_after_bytes
        self._etag: str | None = None

    async def run(self) -> ArrivingImage:
        """Fetch all bytes, over as many connections as it takes while some progress is made."""
        fruitless = 0
        while True:
            before = self.image.received
            try:
                await self._connection()
            except UnreachableError as error:
                self._tell(EventKind.CUT, f"after {self.image.received} bytes: {error}")
                fruitless = 0 if self.image.received > before else fruitless + 1
                if fruitless >= self._habits.attempts:
                    raise
                await asyncio.sleep(self._habits.pause_s * (fruitless + 1))
            else:
                return self.image

    async def _connection(self) -> None:
        async with opened(self._caller, self._order.url, self._condition()) as answer:
            expect(answer.head, self._order.url, 200, 206)
            self._begin(answer.head)
            while data := await answer.read(self._appetite()):
                self.image.take(data)
                self._cut_if_told(answer)

    def _condition(self) -> dict[str, str]:
        # Without a strong validator there is no safe resume: start over.
        if not self.image.received or self._etag is None:
            return {}
        return {"Range": f"bytes={self.image.received}-", "If-Range": self._etag}

    def _begin(self, head: Head) -> None:
        if head.status == 206:
            self._check_part(head)
            self._tell(EventKind.RESUMED, f"from byte {self.image.received}")
            return
        if self.image.received:
            self._tell(
                EventKind.RESTARTED, f"the server sent all of it, {self.image.received} lost"
            )
            self.image = ArrivingImage(self._order.size)
        else:
            self._tell(EventKind.DOWNLOADING, f"{self._order.version}, {self._order.size} bytes")
        etag = head.first("etag")
        self._etag = etag if etag and etag.startswith('"') else None
        length = head.first("content-length")
        if length is not None and length != str(self._order.size):
            raise WrongSizeError(f"the server has {length} bytes instead of {self._order.size}")

    def _check_part(self, head: Head) -> None:
        if not self._condition():
            raise UnexpectedAnswerError("206 to a request without Range")
        text = head.first("content-range") or ""
        part = _CONTENT_RANGE.fullmatch(text)
        if part is None or int(part[1]) != self.image.received:
            raise WrongRangeError(f"asked from byte {self.image.received}, got {text!r}")
        if int(part[3]) != self._order.size or int(part[2]) != self._order.size - 1:
            raise WrongRangeError(f"the image has {self._order.size} bytes, got {text!r}")
        if head.first("etag") != self._etag:
            raise ChangedImageError(f"ETag was {self._etag}, is {head.first('etag')}")

    def _appetite(self) -> int:
        """Bytes to take next; up to the cut exactly, so the server's record can be checked."""
        if self._cut_at is None:
            return _PIECE
        return max(1, min(_PIECE, self._cut_at - self.image.received))

    def _cut_if_told(self, answer: OpenAnswer) -> None:
        if self._cut_at is not None and self.image.received >= self._cut_at:
            self._cut_at = None
            answer.cut()
            raise UnreachableError("the phone cut the connection")
