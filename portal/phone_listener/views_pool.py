"""Asks the WSGI views in threads and tells the answers to the thread that watches connections."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

import structlog

from portal.phone_listener.request_head import Head
from provision.phone_door import Application, Environ
from storage.http_answers.sending import SendableBody

VIEW_THREADS = 16
#: Requests that may wait for the views; beyond that a phone is told to come again.
WAITING_MAX = 2000
#: An answer up to this size is taken whole in the thread that made it.
_SHORT_BYTES = 65_536
_READ_THREADS = 4
_NO_BODY = frozenset({"204", "304"})

Post: TypeAlias = Callable[[Callable[[], None]], None]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ViewAnswer:
    """What the views answered; a body that is not bytes is still to be sent and closed."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Iterator[bytes] = field(repr=False)

    @property
    def length(self) -> int:
        """What is promised of a body."""
        return next(int(value) for name, value in self.headers if name.lower() == "content-length")


class ViewsPool:
    """The app behind its threads; `post` has something done by the watching thread."""

    def __init__(self, app: Application, place: tuple[str, int], post: Post) -> None:
        self._app = app
        self._place = place
        self._post = post
        self._views = ThreadPoolExecutor(VIEW_THREADS, "views")
        self._reads = ThreadPoolExecutor(_READ_THREADS, "reads")
        self._waiting = 0
        self._is_ending = False

    def ask(
        self, head: Head, peer: str, body: bytes, then: Callable[[ViewAnswer | None], None]
    ) -> bool:
        """Have `then` told the answer, None for a fault; False where too many wait already."""
        if self._waiting >= WAITING_MAX:
            return False
        self._waiting += 1
        self._views.submit(self._ask, environ_of(head, peer, self._place, body), then)
        return True

    def read(self, pieces: Iterator[bytes], then: Callable[[bytes | None], None]) -> None:
        """Have `then` told the next piece of a body; None at its end, b"" for a fault."""
        self._reads.submit(self._read, pieces, then)

    def close_body(self, body: Iterator[bytes] | SendableBody) -> None:
        """Close a body; a download notes how far it came, which may wait for the database."""
        try:
            self._views.submit(_close, body)
        except RuntimeError:
            # The threads are gone: we end.
            _close(body)

    def finish_reading(self) -> None:
        """Wait for the pieces that are being read."""
        self._reads.shutdown()

    def shutdown(self) -> None:
        """Wait for the views' last answers; what they have not begun is not asked any more."""
        self._is_ending = True
        self._views.shutdown()

    def _ask(self, environ: Environ, then: Callable[[ViewAnswer | None], None]) -> None:
        if self._is_ending:
            return
        answer: ViewAnswer | None = None
        try:
            answer = answered(self._app, environ)
        except Exception:  # noqa: BLE001 - whatever it is, the phone gets an answer
            _log.exception("phone-view-failed")
        self._post(partial(self._tell, answer, then))

    def _tell(self, answer: ViewAnswer | None, then: Callable[[ViewAnswer | None], None]) -> None:
        self._waiting -= 1
        then(answer)

    def _read(self, pieces: Iterator[bytes], then: Callable[[bytes | None], None]) -> None:
        piece: bytes | None = b""
        try:
            piece = next(pieces, None)
        except Exception:  # noqa: BLE001 - the download ends here, and its record says where
            _log.exception("phone-download-failed")
        self._post(partial(then, piece))


def answered(app: Application, environ: Environ) -> ViewAnswer:
    """Ask the views; an answer without a file to send is taken whole."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _error: object = None
    ) -> Callable[[bytes], None]:
        told.append((status, headers))
        return _write

    body = app(environ, start_response)
    status, headers = told[-1]
    if isinstance(body, Iterator) and not _is_short(headers):
        return ViewAnswer(int(status[:3]), headers, body)
    try:
        whole = b"".join(body)
    finally:
        _close(body)
    if environ["REQUEST_METHOD"] != "HEAD" and status[:3] not in _NO_BODY:
        headers = [pair for pair in headers if pair[0].lower() != "content-length"]
        headers.append(("Content-Length", str(len(whole))))
    return ViewAnswer(int(status[:3]), headers, whole)


def environ_of(head: Head, peer: str, place: tuple[str, int], body: bytes) -> Environ:
    """The request in the words of WSGI; the target stands in it as it was sent."""
    path, _, query = head.target.partition("?")
    environ: Environ = {
        "REQUEST_METHOD": head.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(_without_host(path).encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": head.target,
        "SERVER_NAME": place[0],
        "SERVER_PORT": str(place[1]),
        "SERVER_PROTOCOL": f"HTTP/1.{head.minor}",
        "REMOTE_ADDR": peer,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in head.headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    content_type = environ.pop("HTTP_CONTENT_TYPE", None)
    if content_type is not None:
        environ["CONTENT_TYPE"] = content_type
    if environ.pop("HTTP_CONTENT_LENGTH", None) is not None or body:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _without_host(path: str) -> str:
    """The path of a target that names a host too, as a proxy's client sends it."""
    scheme, separator, rest = path.partition("://")
    if not separator or not scheme.isalpha():
        return path
    return "/" + rest.partition("/")[2]


def _write(_data: bytes) -> None:
    raise NotImplementedError("no view writes past its answer")


def _is_short(headers: Iterable[tuple[str, str]]) -> bool:
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    return not lengths or int(lengths[0]) <= _SHORT_BYTES


def _close(body: object) -> None:
    """Close a body; whatever that raises harms no other."""
    close = getattr(body, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:  # noqa: BLE001 - the answer is out already
        _log.exception("phone-answer-not-closed")
