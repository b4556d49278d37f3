"""Stored files on their way to readers of pages: no thread waits for a reader.

waitress keeps a thread at work for each answer until nearly all of it is taken, and sixteen slow
readers would take all there are. A file is given to the thread that watches connections instead:
of one on this machine the kernel copies whatever a reader has room for, one of a bucket is read
piece by piece in threads that wait for nobody.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeAlias

import structlog
from waitress.buffers import ReadOnlyFileBasedBuffer

from portal.phone_listener.outgoing import Outgoing, ShortFileError
from storage.http_answers.sending import SendableBody

Environ: TypeAlias = dict[str, Any]
#: What it returns is for waitress, which knows its own kind of file.
Application: TypeAlias = Callable[[Environ, Callable[..., Any]], Any]

#: What is shorter waitress holds whole, and its thread goes on.
SHORT_BYTES = 65_536
READ_THREADS = 4

_log = structlog.get_logger(__name__)


class StoredFile(ReadOnlyFileBasedBuffer):
    """The body of one answer, as waitress queues files; its channel has it sent."""

    def __init__(self, body: SendableBody, length: int) -> None:
        self.remain = length
        self.is_awaited = False
        self._body = body
        self._out = Outgoing(body.parts() or ())
        self._had_its_turn = False

    def prepare(self, size: int | None = None) -> int:  # noqa: ARG002 - waitress's signature
        """All of it is sent: it was cut to what was asked for."""
        return self.remain

    def get(self, numbytes: int = -1, skip: bool = False) -> bytes:  # noqa: ARG002, FBT002 - waitress's signature
        """What the channel is told to send next."""
        return NextOf(self)

    def skip(self, numbytes: int, allow_prune: int = 0) -> None:  # noqa: ARG002 - waitress's signature
        """So much of it was taken."""
        self.remain -= numbytes

    def send_to(self, connection: socket.socket) -> int:
        """Send what the connection takes now, 0 at the end of a turn. Raises OSError."""
        if self._had_its_turn:
            self._had_its_turn = False
            return 0
        before = self._out.sent
        self._had_its_turn = self._out.send(connection)
        return self._out.sent - before

    def close(self) -> None:
        """Note how far it came, and let go of the file; a second call does nothing."""
        self._body.went_out(self._out.sent)
        self._body.close()


class AwaitedFile(StoredFile):
    """A file that no kernel copies: while its next piece is read, the connection rests."""

    def __init__(self, body: SendableBody, length: int, reads: "Reads") -> None:
        super().__init__(body, length)
        self._reads = reads
        self._lock = threading.Lock()
        self._is_broken = self._is_closed = False

    def send_to(self, connection: socket.socket) -> int:
        """See StoredFile."""
        if self._is_broken:
            raise ShortFileError
        if not self._out and not self.is_awaited:
            self.is_awaited = True
            self._reads.read(self._read_on)
        return 0 if self.is_awaited else super().send_to(connection)

    def close(self) -> None:
        """Let go of the file, once no piece of it is being read; it counts itself what it gave."""
        with self._lock:
            self._is_closed = True
            if self.is_awaited:
                return
        self._body.close()

    def _read_on(self) -> None:
        piece = self._next_piece()
        with self._lock:
            self._out.add(piece)
            self._is_broken = not piece
            self.is_awaited = False
            is_closed = self._is_closed
        if is_closed:
            self._body.close()

    def _next_piece(self) -> bytes:
        assert isinstance(self._body, Iterator), "what is not copied is iterated"
        try:
            piece: bytes = next(self._body, b"")
        except Exception:  # noqa: BLE001 - whatever it is, the download must not seem to be whole
            _log.exception("page-download-failed")
            return b""
        return piece


class NextOf(bytes):
    """The next bytes of a file, which its channel sends without holding them."""

    file: StoredFile

    def __new__(cls, file: StoredFile) -> Self:
        made = super().__new__(cls)
        made.file = file
        return made


class Reads:
    """Threads that read pieces of files, and then `wake` who watches connections."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._threads = ThreadPoolExecutor(READ_THREADS, "page-reads")

    def read(self, act: Callable[[], None]) -> None:
        """Have it done soon."""
        self._threads.submit(self._act, act)

    def shutdown(self) -> None:
        """Wait for what is being read."""
        self._threads.shutdown(cancel_futures=True)

    def _act(self, act: Callable[[], None]) -> None:
        act()
        self._wake()


def handing_over(app: Application, reads: Reads) -> Application:
    """The app with its stored files as waitress takes them."""

    def asked(environ: Environ, start_response: Callable[..., Any]) -> Any:
        length = 0

        def told(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            nonlocal length
            length = _length(headers)
            return start_response(status, headers, error)

        body = app(environ, told)
        if not isinstance(body, SendableBody) or length <= SHORT_BYTES:
            return body
        return StoredFile(body, length) if body.parts() else AwaitedFile(body, length, reads)

    return asked


def _length(headers: list[tuple[str, str]]) -> int:
    return next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
