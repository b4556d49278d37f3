"""The phone plane behind a real server, and raw requests as odd phones send them."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask

from tests.waitress_app import waitress


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
    with waitress(app, port, outbuf_high_watermark=64 * 1024, threads=8) as found:
        yield found


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
