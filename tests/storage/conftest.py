"""Real files behind the adapter: a store, what is shown of it, and waitress on its own port."""

import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, Response, request

from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.http_answers.sending import Sent, respond
from storage.serving import Representation
from tests.waitress_app import waitress


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "blobs")


@pytest.fixture(scope="session")
def image() -> bytes:
    """Longer than three pieces of 64 KiB, and not a multiple of one."""
    return random.Random(11).randbytes(200_123)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> LocalBlobStore:
    """The store behind the server; it lives as long as the server does."""
    return LocalBlobStore(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="module")
def shown() -> dict[str, Representation]:
    """What each address shows now; tests put files here, and replace them."""
    return {}


@pytest.fixture(scope="module")
def reports() -> list[Sent]:
    return []


@pytest.fixture(scope="module")
def shelf_app(
    shelf: LocalBlobStore, shown: dict[str, Representation], reports: list[Sent]
) -> Flask:
    app = Flask("shelf")

    @app.route("/<name>", methods=["GET", "HEAD", "POST"], provide_automatic_options=False)
    def file(name: str) -> Response:
        now = shown[name]
        return respond(now, lambda: shelf.open(now.sha256), request, reports.append)

    return app


@pytest.fixture(scope="module")
def port(shelf_app: Flask) -> Iterator[int]:
    # Small buffers: what waitress still holds at a cut counts as sent.
    with waitress(shelf_app, outbuf_high_watermark=64 * 1024) as found:
        yield found


@pytest.fixture(scope="module")
def send(port: int) -> Callable[[bytes], SimpleNamespace]:
    """Sends raw bytes; gives status, headers and body of what came before the connection's end."""

    def send_raw(data: bytes) -> SimpleNamespace:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(data)
            received = b"".join(iter(lambda: client.recv(1 << 16), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in fields}
        return SimpleNamespace(status=int(first.split(" ")[1]), headers=headers, body=body)

    return send_raw


@pytest.fixture(scope="module")
def ask(send: Callable[[bytes], SimpleNamespace]) -> Callable[..., SimpleNamespace]:
    """ask(path, *header_lines, method="GET") in HTTP/1.1 on a connection of its own."""

    def ask_raw(path: str, *headers: str, method: str = "GET") -> SimpleNamespace:
        lines = (f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", "")
        return send("\r\n".join(lines).encode("latin-1"))

    return ask_raw
