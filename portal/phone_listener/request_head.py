"""Reads the head of an HTTP/1 request from bytes (pure), strictly: what has two meanings has none.

What more bytes could not change is told as soon as it is seen, so it does not matter in what
pieces a request came (RFC 9112).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

HEAD_BYTES_MAX = 32_768
HEADERS_MAX = 100
#: What stands between two requests by mistake (RFC 9112 section 2.2).
_BLANK_LINES_MAX = 4
_NAME_BYTE = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
#: Nothing in it can be read in two ways, so it never goes back to try another. What may stand is
#: listed, the commonest first: that is read twice as fast as what may not.
_HEAD = re.compile(
    rf"({_NAME_BYTE}{{1,32}}) ([\x21-\x7e\x80-\xff]+) HTTP/([0-9])\.([0-9])\r\n"
    rf"((?:{_NAME_BYTE}++:[\x20-\x7e\t\x80-\xff]*+\r\n)*+)"
)
_STARTS = re.compile(_NAME_BYTE.encode())
#: A line feed alone ends a line for some programs and not for others.
_BARE_FEED = re.compile(rb"(?<!\r)\n")
_LENGTH = re.compile(r"[0-9]{1,15}")
#: A second one of these would leave it to chance which of them counts.
_ONCE = frozenset({"host", "content-length", "transfer-encoding", "authorization", "expect"})


class Head(NamedTuple):
    """A request without its body; names of headers are in lower case, texts are latin-1.

    `body_bytes` is None where the body comes in chunks. `size` counts the bytes it was read from.
    A tuple, as each fetch makes one: a frozen dataclass costs five times as much.
    """

    method: str
    target: str
    minor: int
    headers: Mapping[str, str]
    body_bytes: int | None
    keeps_alive: bool
    size: int

    def __repr__(self) -> str:
        """Without the target, which holds a phone's token, and the headers."""
        return f"Head({self.method}, {self.size} bytes)"

    @property
    def has_body(self) -> bool:
        return self.body_bytes != 0


@dataclass(frozen=True, slots=True)
class BadHead:
    """No request: the status that says so. The connection ends with it."""

    status: int


Read: TypeAlias = Head | BadHead | None


def read_head(received: bytes | bytearray) -> Read:
    """The request at the start of what was received; None until there is enough of it."""
    start = 0
    while received.startswith(b"\r\n", start):
        start += 2
    if start > 2 * _BLANK_LINES_MAX:
        return BadHead(400)
    end = received.find(b"\r\n\r\n", start, start + HEAD_BYTES_MAX)
    if end < 0:
        return _unfinished(received, start)
    text = received[start : end + 2].decode("latin-1")
    found = _HEAD.fullmatch(text)
    if found is None:
        return BadHead(400)
    method, target, major, minor, lines = found.groups()
    if major != "1":
        return BadHead(505)
    headers = _headers(lines)
    if isinstance(headers, BadHead):
        return headers
    return _head(method, target, min(int(minor), 1), headers, end + 4)


def _unfinished(received: bytes | bytearray, start: int) -> BadHead | None:
    """Whether this can still become a request."""
    begun = received[start : start + HEAD_BYTES_MAX]
    if begun and begun != b"\r" and not _STARTS.match(begun):
        return BadHead(400)
    if _BARE_FEED.search(begun):
        return BadHead(400)
    return BadHead(431) if len(begun) == HEAD_BYTES_MAX else None


def _headers(lines: str) -> dict[str, str] | BadHead:
    headers: dict[str, str] = {}
    rows = lines.split("\r\n")
    if len(rows) > HEADERS_MAX + 1:
        return BadHead(431)
    for row in rows[:-1]:
        name, _, value = row.partition(":")
        # X_Client_Cert would pass for X-Client-Cert, which only a proxy may say.
        if "_" in name:
            continue
        name, value = name.lower(), value.strip(" \t")
        if name in headers:
            if name in _ONCE:
                return BadHead(400)
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _head(method: str, target: str, minor: int, headers: dict[str, str], size: int) -> Read:
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    body_bytes: int | None = 0
    if coding is not None:
        # A length beside it, or an older version that knows no chunks, hides a second request.
        if length is not None or minor == 0:
            return BadHead(400)
        if coding.lower() != "chunked":
            return BadHead(501)
        body_bytes = None
    elif length is not None:
        if not _LENGTH.fullmatch(length):
            return BadHead(400)
        body_bytes = int(length)
    expected = headers.get("expect")
    if expected is not None and expected.lower() != "100-continue":
        return BadHead(417)
    keeps_alive = _keeps_alive(minor, headers.get("connection", ""))
    return Head(method, target, minor, headers, body_bytes, keeps_alive, size)


def _keeps_alive(minor: int, connection: str) -> bool:
    if not connection:
        return minor == 1
    said = {word.strip() for word in connection.lower().split(",")}
    return "close" not in said and (minor == 1 or "keep-alive" in said)
