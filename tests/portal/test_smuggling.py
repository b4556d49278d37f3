"""A request whose end could be read in two ways carries no second request inside."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.evented import evented
from tests.nginx import Nginx, find_nginx
from tests.paged import paged

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CHUNKED = b"0\r\n\r\n" + HIDDEN
LENGTH = b"Content-Length: %d" % len(HIDDEN)
ROWS = {
    "two lengths": (b"Content-Length: 0\r\n" + LENGTH, HIDDEN),
    "a space before the colon": (LENGTH.replace(b":", b" :"), HIDDEN),
    "a signed length": (LENGTH.replace(b": ", b": +"), HIDDEN),
    "another coding": (b"Transfer-Encoding: xchunked", CHUNKED),
    "identity before chunked": (b"Transfer-Encoding: identity, chunked", CHUNKED),
    "a bad chunk size": (b"Transfer-Encoding: chunked", b"0x0\r\n\r\n" + HIDDEN),
    "chunked twice": (b"Transfer-Encoding: chunked, chunked", CHUNKED),
    "a coding in HTTP/1.0": (b"Transfer-Encoding: chunked\r\nConnection: keep-alive", CHUNKED),
    "a length and a coding": (b"Content-Length: 5\r\nTransfer-Encoding: chunked", CHUNKED),
}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture(params=["pages", "phones", "nginx"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """Each of the product's own listeners, and the shipped nginx in front of the pages'."""
    if request.param == "nginx":
        if find_nginx() is None:
            pytest.skip("nginx is not installed")
        with paged(request.getfixturevalue("app")) as behind:
            nginx = Nginx.start(tmp_path / "nginx", behind, tmp_path)
            yield nginx.port
            nginx.close()
        return
    app: Flask = request.getfixturevalue("app" if request.param == "pages" else "phones")
    with paged(app) if request.param == "pages" else evented(app) as found:
        yield found


def answers(port: int, raw: bytes) -> list[bytes]:
    """The statuses of everything that comes back until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(raw)
        received = b""
        while piece := client.recv(1 << 16):
            received += piece
    return re.findall(rb"HTTP/1\.\d (\d+)", received)


@pytest.mark.parametrize("row", ROWS)
def test_proof_s18_what_has_two_ends_carries_no_second_request(port: int, row: str) -> None:
    """One answer, of a refusal, and the end of the connection."""
    headers, body = ROWS[row]
    version = b"1.0" if row.endswith("1.0") else b"1.1"
    raw = b"POST /none HTTP/" + version + b"\r\nHost: x\r\n" + headers + b"\r\n\r\n" + body
    [status] = answers(port, raw)
    # 404: the phones' listener refuses by the address alone, reads no body and closes.
    assert status in {b"400", b"404", b"501"}


def test_two_plain_requests_on_one_connection_are_both_answered(port: int) -> None:
    """What the proof would see if the second one counted."""
    first = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert len(answers(port, first + HIDDEN)) == 2
