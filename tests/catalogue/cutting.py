"""An upstream behind a bare socket, which cuts or holds the line at addresses of one's choice."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Flask

_LOOK_UP_S = 0.2


@dataclass
class CuttingOrigin:
    """Answers as the app does; `lies` replace bodies (None: there is none), `cuts` end halfway.

    An address in `holds` is never answered: who asks for it is noted, and waits.
    """

    app: Flask
    lies: dict[str, bytes | None] = field(default_factory=dict)
    cuts: set[str] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    held: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """The address while it serves; connections are ended with it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(_LOOK_UP_S)
            thread = threading.Thread(target=self._accept, args=(listener,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                self.over.set()
                thread.join()

    def _accept(self, listener: socket.socket) -> None:
        workers = []
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                line, _address = listener.accept()
                workers.append(threading.Thread(target=self._talk, args=(line,)))
                workers[-1].start()
        for worker in workers:
            worker.join()

    def _talk(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            line.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = line.recv(65_536)
                if not piece:
                    return
                head += piece
            path = head.split(b" ", 2)[1].decode()
            if path in self.holds:
                self.held.set()
                self.over.wait()
                return
            status, body = self._answer(path)
            lines = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            line.sendall(lines.encode() + body[: len(body) // 2 if path in self.cuts else None])

    def _answer(self, path: str) -> tuple[str, bytes]:
        if path in self.lies:
            body = self.lies[path]
            return ("404 Not Found", b"") if body is None else ("200 OK", body)
        answer = self.app.test_client().get(path, buffered=True)
        return answer.status, answer.data
