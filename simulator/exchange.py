"""A phone's HTTP client: HTTP/1.1, one request a connection, no redirects and no cookies.

It is written on bare streams, because a phone cuts transfers, reads through a small window and
shows itself from its own address, and no HTTP library lets us do all three.
"""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from simulator.refusal import RefusedError

_WINDOW = 16 * 1024
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*[;\r]")
_NO_BODY = frozenset({204, 304})
_ABORT = struct.pack("ii", 1, 0)


class UnreachableError(Exception):
    """The server did not answer, or not to the end; asking later may help."""


class BusyError(UnreachableError):
    """The server asks to come back later (429 and 5xx)."""


class UnexpectedAnswerError(RefusedError):
    """What came back is not HTTP, or has a status that this request cannot have."""


class UrlError(RefusedError):
    """The address is none that a phone can fetch from."""


@dataclass(frozen=True)
class Caller:
    """Who asks: the User-Agent, the phone's own address if any, seconds of patience per step."""

    user_agent: str
    source: str | None = None
    patience_s: float = 10.0


@dataclass(frozen=True)
class Place:
    """A URL taken apart; `target` is the path with its query, as it goes on the request line."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 80 else f"{host}:{self.port}"


@dataclass(frozen=True)
class Head:
    """Status and header fields of an answer; field names are lower-case."""

    status: int
    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, in order."""
        return tuple(value for field, value in self.fields if field == name)

    def first(self, name: str) -> str | None:
        """The first value of a field, None where it is absent."""
        return next(iter(self.all(name)), None)


@dataclass(frozen=True)
class Reply:
    head: Head
    body: bytes


class OpenAnswer:
    """An answer whose body is still on its way; an early end raises UnreachableError."""

    def __init__(
        self,
        head: Head,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience_s: float,
    ) -> None:
        self.head = head
        self._reader = reader
        self._writer = writer
        self._patience_s = patience_s
        self._chunked = "chunked" in (head.first("transfer-encoding") or "").lower()
        self._left = _declared_length(head)

    async def read(self, at_most: int) -> bytes:
        """The next bytes of the body, at least one; b"" at its end."""
        if self._left == 0 and self._chunked:
            self._left = await self._next_chunk()
        if self._left == 0:
            return b""
        wanted = at_most if self._left is None else min(at_most, self._left)
        async with _patience(self._patience_s):
            data = await self._reader.read(wanted)
        if self._left is not None:
            if not data:
                raise UnreachableError(f"the connection ended {self._left} bytes too early")
            self._left -= len(data)
            await self._end_chunk()
        return data

    def cut(self) -> None:
        """Drop the connection as a pulled plug does: with a reset, whatever is under way."""
        self._writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _ABORT
        )
        self._writer.transport.abort()

    async def _next_chunk(self) -> int:
        async with _patience(self._patience_s):
            line = await self._reader.readuntil(b"\r\n")
        digits = _CHUNK_SIZE.match(line)
        if digits is None:
            raise UnexpectedAnswerError(f"no chunk size: {line[:20]!r}")
        size = int(digits.group(1), 16)
        if size == 0:
            self._chunked = False
        return size

    async def _end_chunk(self) -> None:
        if self._chunked and self._left == 0:
            async with _patience(self._patience_s):
                await self._reader.readexactly(2)


def place_of(url: str) -> Place:
    """Take an absolute http address apart; anything else is refused."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError as error:
        raise UrlError(f"{url!r}: {error}") from error
    if parts.scheme != "http" or not parts.hostname or not url.isascii() or not url.isprintable():
        raise UrlError(f"{url!r} is no absolute http address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if " " in target:
        raise UrlError(f"{url!r} holds a space")
    return Place(parts.hostname, port, target)


@asynccontextmanager
async def opened(
    caller: Caller, url: str, headers: Mapping[str, str], *, method: Literal["GET"] = "GET"
) -> AsyncIterator[OpenAnswer]:
    """Ask for `url` and hand out the answer as soon as its head is there; the body is read on."""
    place = place_of(url)
    async with _patience(caller.patience_s):
        reader, writer = await _connect(caller, place)
    try:
        async with _patience(caller.patience_s):
            writer.write(_request(caller, place, method, headers))
            await writer.drain()
            head = await _head(reader)
        yield OpenAnswer(head, reader, writer, caller.patience_s)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def fetch(caller: Caller, url: str, headers: Mapping[str, str], *, limit: int) -> Reply:
    """The whole answer to a GET of `url`; more than `limit` bytes of body are refused."""
    async with opened(caller, url, headers) as answer:
        body = b""
        while data := await answer.read(_WINDOW):
            body += data
            if len(body) > limit:
                raise UnexpectedAnswerError(f"an answer of more than {limit} bytes")
        return Reply(answer.head, body)


def expect(head: Head, url: str, *statuses: int) -> None:
    """Refuse a status that this request cannot use; 429 and 5xx mean "later"."""
    if head.status in statuses:
        return
    if head.status == 429 or head.status >= 500:
        raise BusyError(f"{head.status} from {url}")
    raise UnexpectedAnswerError(f"{head.status} from {url}")


@asynccontextmanager
async def _patience(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise UnreachableError(f"no answer within {seconds:g} s") from error
    except (OSError, asyncio.IncompleteReadError) as error:
        raise UnreachableError(f"the connection failed: {error}") from error
    except asyncio.LimitOverrunError as error:
        raise UnexpectedAnswerError("a header without end") from error


async def _connect(
    caller: Caller, place: Place
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    family, _, _, _, address = found[0]
    wire = socket.socket(family, socket.SOCK_STREAM)
    try:
        wire.settimeout(0)
        # A small window keeps what is on its way small, so the server sees where a cut fell.
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
        if caller.source is not None:
            wire.bind((caller.source, 0))
        await loop.sock_connect(wire, address)
        return await asyncio.open_connection(sock=wire, limit=_WINDOW)
    except BaseException:
        wire.close()
        raise


def _request(caller: Caller, place: Place, method: str, headers: Mapping[str, str]) -> bytes:
    fields = {
        "Host": place.authority,
        "User-Agent": caller.user_agent,
        "Accept": "*/*",
        "Connection": "close",
        **headers,
    }
    lines = [f"{method} {place.target} HTTP/1.1", *(f"{n}: {v}" for n, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _head(reader: asyncio.StreamReader) -> Head:
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1")[:-4].split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
        raise UnexpectedAnswerError(f"no HTTP status line: {first[:60]!r}")
    pairs = (line.partition(":") for line in lines)
    return Head(int(rest[:3]), tuple((n.strip().lower(), v.strip()) for n, _, v in pairs))


def _declared_length(head: Head) -> int | None:
    """Bytes of body still to come: 0 where there is none or chunks say it, None = until closed."""
    if head.status in _NO_BODY or "transfer-encoding" in dict(head.fields):
        return 0
    length = head.first("content-length")
    if length is None:
        return None
    if not length.isdecimal():
        raise UnexpectedAnswerError(f"Content-Length is {length[:20]!r}")
    return int(length)
