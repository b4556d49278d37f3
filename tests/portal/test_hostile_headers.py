"""S11: whatever stands in a header, sent as raw bytes, there is one answer and no fault."""

import itertools
import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.evented import evented
from tests.paged import paged

NAMES = (
    *(b"Host", b"User-Agent", b"Cookie", b"Referer", b"Accept-Language", b"Range", b"Origin"),
    *(b"If-None-Match", b"If-Range", b"X-Forwarded-For", b"Authorization", b"Content-Type"),
)
VALUES = (
    *(b"", b"\xff\xfe", b"\xed\xa0\x80", b"a\x00b", b"a\x7fb", b"\x1b[31mred", b"=" * 3000),
    *(
        b"%0d%0aSet-Cookie: x=1",
        b"\\r\\nSet-Cookie: x=1",
        "й\u2028".encode(),
        b"<script>x</script>",
    ),
    *(b"${jndi:ldap://127.0.0.1/x}", b"'; DROP TABLE device; --", b"../../etc/passwd", b"9" * 400),
)
#: Lines that no client sends: no colon, a fold, a bare CR, a blank in the name, a name of bytes.
LINES = (
    *(b"no colon at all", b" folded: x", b"a b: x", b": nameless", b"X\x00Y: x", b"X-\xff: x"),
    *(b"X: a\rSet-Cookie: y=1", b"X: a\nSet-Cookie: y=1", b"X" * 5000 + b": x"),
)
PLACES = {"pages": b"/en/downloads/", "phones": b"/p/02f1a7000001.cfg"}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[tuple[int, bytes]]:
    """Each of the product's listeners, and an address there."""
    pages = request.param == "pages"
    app: Flask = request.getfixturevalue("app" if pages else "phones")
    with paged(app) if pages else evented(app) as port:
        yield port, PLACES[request.param]


def answered(port: int, path: bytes, line: bytes) -> bytes:
    """Everything that comes back for a request with this line, until the connection ends."""
    host = b"" if line.startswith(b"Host:") else b"Host: x\r\n"
    raw = b"GET " + path + b" HTTP/1.1\r\n" + host + b"A: b\r\n" + line
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(raw + b"\r\nConnection: close\r\n\r\n")
        while piece := client.recv(1 << 16):
            received += piece
    return received


def test_proof_s11_no_header_makes_a_listener_fail_or_splits_its_answer(
    place: tuple[int, bytes],
) -> None:
    made = [name + b": " + value for name, value in itertools.product(NAMES, VALUES)]
    told = []
    for line in (*made, *LINES):
        head, _, body = answered(*place, line).partition(b"\r\n\r\n")
        [status] = re.findall(rb"\AHTTP/1\.\d (\d+)", head)
        set_by_us = re.search(rb"\n(?:x=1|set-cookie: [xy]=1)", head, re.IGNORECASE)
        if int(status) >= 500 or set_by_us or re.search(rb"HTTP/1\.\d \d{3}", body):
            told.append((line[:80], status))
    print(f"S11: {len(made) + len(LINES)} raw headers, one answer each, 0 failures")  # noqa: T201
    assert told == []
    assert len(made) + len(LINES) >= 150
