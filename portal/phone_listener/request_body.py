"""Reads the body of a request as it comes in: of a known length, or in chunks (RFC 9112 section 7).

Chunk extensions and trailers are refused: no phone sends them, and what follows them hides well.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

#: What a phone may send: a log. More is refused unread.
BODY_BYTES_MAX = 2**20
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_SIZE_LINE_MAX = 10


class BadBodyError(Exception):
    """No body: `status` says so, and the connection ends with it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Next(StrEnum):
    SIZE = "size"
    DATA = "data"
    END_OF_DATA = "end of data"
    END = "end"
    NOTHING = "nothing"


@dataclass
class Body:
    """Takes its bytes from the start of what was received; `left` is None for chunks."""

    left: int | None
    content: bytearray = field(default_factory=bytearray, repr=False)
    _next: _Next = _Next.SIZE
    _chunk_left: int = 0

    def __post_init__(self) -> None:
        if self.left is not None and self.left > BODY_BYTES_MAX:
            raise BadBodyError(413)

    def take(self, received: bytearray) -> bool:
        """Whether the body is whole now. Raises BadBodyError."""
        if self.left is None:
            return self._take_chunks(received)
        part = received[: self.left]
        del received[: len(part)]
        self.content += part
        self.left -= len(part)
        return self.left == 0

    def _take_chunks(self, received: bytearray) -> bool:
        while self._next is not _Next.NOTHING and received:
            before = len(received), self._next
            if self._next is _Next.SIZE:
                self._take_size(received)
            elif self._next is _Next.DATA:
                self._take_data(received)
            else:
                self._take_line_end(received)
            if before == (len(received), self._next):
                return False
        return self._next is _Next.NOTHING

    def _take_size(self, received: bytearray) -> None:
        line = _SIZE_LINE.match(received)
        if line is None:
            if b"\n" in received[:_SIZE_LINE_MAX] or len(received) >= _SIZE_LINE_MAX:
                raise BadBodyError(400)
            return
        self._chunk_left = int(line[1], 16)
        if self._chunk_left + len(self.content) > BODY_BYTES_MAX:
            raise BadBodyError(413)
        del received[: line.end()]
        self._next = _Next.DATA if self._chunk_left else _Next.END

    def _take_data(self, received: bytearray) -> None:
        part = received[: self._chunk_left]
        del received[: len(part)]
        self.content += part
        self._chunk_left -= len(part)
        if not self._chunk_left:
            self._next = _Next.END_OF_DATA

    def _take_line_end(self, received: bytearray) -> None:
        if not b"\r\n".startswith(received[:2]):
            raise BadBodyError(400)
        if len(received) >= 2:
            del received[:2]
            self._next = _Next.SIZE if self._next is _Next.END_OF_DATA else _Next.NOTHING
