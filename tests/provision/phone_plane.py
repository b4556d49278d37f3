"""The phone plane behind a real server, and raw requests as odd phones send them."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, list[str]]
    body: bytes

    def first(self, name: str) -> str | None:
        return self.headers.get(name, [None])[0]


@contextlib.contextmanager
def served(app: Flask, port: int = 0) -> Iterator[int]:
    """The app on a port of its own, or on `port`; what a server's buffers hold counts as sent."""
    server = create_server(
        app, host="127.0.0.1", port=port, outbuf_high_watermark=64 * 1024, threads=8
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        sockets = server._map
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets))
        thread.join(10)
        server.task_dispatcher.shutdown()


def send(port: int, raw: bytes) -> Answer:
    """Send raw bytes and read until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(raw)
        received = b"".join(iter(lambda: client.recv(1 << 16), b""))
    return parsed(received)


def ask(port: int, target: str, *headers: str, method: str = "GET", version: str = "1.0") -> Answer:
    """A request in HTTP/1.0 without Host, as old phones send it."""
    lines = (f"{method} {target} HTTP/{version}", *headers, "", "")
    return send(port, "\r\n".join(lines).encode("latin-1"))


def parsed(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    return Answer(int(first.split(" ")[1]), headers, body)
