"""Between an evented server and the phone plane.

What the door knows is answered at once, the rest goes to the views in threads, and a slow reader
of an image costs a coroutine instead of a thread.
"""

import asyncio
import contextlib
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

import structlog

from portal.proxies import client_address
from portal.settings import Network
from provision.phone_door import Application, Environ, PhoneDoor

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

#: What a phone may send: a log. More is refused unread.
BODY_BYTES_MAX = 2**20
BODY_WITHIN_S = 30.0
VIEW_THREADS = 16
#: Requests that may wait for the views; beyond that a phone is told to come again.
WAITING_MAX = 2000
_READ_THREADS = 4

_log = structlog.get_logger(__name__)


class _TooLargeError(Exception):
    """A body of more than BODY_BYTES_MAX."""


@dataclass
class _Started:
    """What the views answered: its body is still to be iterated and closed."""

    status: int
    headers: list[tuple[str, str]]
    body: Iterable[bytes]


@dataclass
class PhoneBridge:
    """An ASGI callable over the phone plane's WSGI app and its door."""

    app: Application
    door: PhoneDoor
    trusted: Sequence[Network] = ()
    _views: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(VIEW_THREADS, "views")
    )
    _reads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_READ_THREADS, "reads")
    )
    _waiting: int = 0
    _at_work: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._idle.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        forwarded_for = environ.get("HTTP_X_FORWARDED_FOR", "")
        address = client_address(environ["REMOTE_ADDR"], forwarded_for, self.trusted)
        if environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
            # The server reads `identity, chunked` by its last word; others may not.
            await _refuse(send, 501)
            return
        reply = self.door.reply(environ, address)
        if reply is not None:
            await _begin(send, int(reply.status[:3]), reply.headers)
            await _end(send, reply.body)
            return
        with self._working():
            await self._beyond_the_door(environ, receive, send)

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """Count what `finish` waits for."""
        self._at_work += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()

    async def _beyond_the_door(self, environ: Environ, receive: Receive, send: Send) -> None:
        try:
            environ["wsgi.input"] = io.BytesIO(await _body(environ, receive))
        except TimeoutError:
            await _refuse(send, 408)
        except _TooLargeError:
            await _refuse(send, 413)
        else:
            await self._ask_views(environ, receive, send)

    async def finish(self, within_s: float) -> None:
        """Wait until what has begun is over, downloads above all, but no longer than that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._idle.wait()

    def close(self) -> None:
        """Wait for the views' last answers."""
        self._views.shutdown()
        self._reads.shutdown()

    async def _ask_views(self, environ: Environ, receive: Receive, send: Send) -> None:
        if self._waiting >= WAITING_MAX:
            await _refuse(send, 503)
            return
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            started = await loop.run_in_executor(self._views, _started, self.app, environ)
        except Exception:  # noqa: BLE001 - whatever it is, the phone gets an answer
            _log.exception("phone-view-failed")
            await _refuse(send, 500)
            return
        finally:
            self._waiting -= 1
        try:
            await self._pass_on(started, receive, send)
        finally:
            # Closing a download notes how far it came: that may wait for the database.
            close = getattr(started.body, "close", None)
            if close is not None:
                await loop.run_in_executor(self._views, close)

    async def _pass_on(self, started: _Started, receive: Receive, send: Send) -> None:
        """Send the pieces as the phone takes them, until it has all of them or hangs up."""
        await _begin(send, started.status, started.headers)
        if isinstance(started.body, list):
            await _end(send, b"".join(started.body))
            return
        loop = asyncio.get_running_loop()
        pieces = iter(started.body)
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            while not gone.done():
                piece = await loop.run_in_executor(self._reads, next, pieces, None)
                if piece is None:
                    await _end(send, b"")
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            gone.cancel()


def environ_of(scope: Scope) -> Environ:
    """The request in the words of WSGI; the target stands in it as it was sent."""
    raw, query = scope["raw_path"], scope["query_string"]
    target: bytes = raw + b"?" + query if query else raw
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "REQUEST_URI": target.decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        # X_Client_Cert would pass for X-Client-Cert, which only a proxy may say.
        if b"_" not in name:
            _add_header(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _add_header(environ: Environ, name: str, value: str) -> None:
    key = name.upper().replace("-", "_")
    if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        key = f"HTTP_{key}"
    environ[key] = f"{environ[key]}, {value}" if key in environ else value


async def _body(environ: Environ, receive: Receive) -> bytes:
    """What the phone sends, whole; raises _TooLargeError or TimeoutError."""
    length = environ.get("CONTENT_LENGTH", "")
    if length.isdigit() and int(length) > BODY_BYTES_MAX:
        raise _TooLargeError
    if not length and "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    received = bytearray()
    async with asyncio.timeout(BODY_WITHIN_S):
        more = True
        while more:
            message = await receive()
            received += message.get("body", b"")
            more = message.get("more_body", False)
            if len(received) > BODY_BYTES_MAX:
                raise _TooLargeError
    environ["CONTENT_LENGTH"] = str(len(received))
    return bytes(received)


def _started(app: Application, environ: Environ) -> _Started:
    """Ask the views; an answer without a file to send is taken whole here, in its thread."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _error: object = None
    ) -> Callable[[bytes], None]:
        told.append((status, headers))
        return _write

    body = app(environ, start_response)
    status, headers = told[-1]
    if isinstance(body, Iterator) and not _is_short(headers):
        return _Started(int(status[:3]), headers, body)
    try:
        whole = b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return _Started(int(status[:3]), headers, [whole])


def _write(_data: bytes) -> None:
    raise NotImplementedError("no view writes past its answer")


def _is_short(headers: Sequence[tuple[str, str]]) -> bool:
    """Whether an answer is small enough to be taken at once."""
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    return not lengths or int(lengths[0]) <= BODY_BYTES_MAX // 16


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _begin(send: Send, status: int, headers: Iterable[tuple[str, str]]) -> None:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


async def _end(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _refuse(send: Send, status: int) -> None:
    """The phone plane's own way to refuse: the number and nothing else."""
    body = f"{status}\n".encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "private, no-store"),
        ("Connection", "close"),
    ]
    if status == 503:
        headers.append(("Retry-After", "60"))
    await _begin(send, status, headers)
    await _end(send, body)
