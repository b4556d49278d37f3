"""Images on the port of pages: however many read one slowly, a page is there at once."""

import contextlib
import hashlib
import os
import socket
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask, request

from accounts.access import anyone
from storage.blobs import StorageFaultError
from storage.clock import now
from storage.http_answers.sending import respond
from storage.installation import Installation
from storage.serving import Cache, Representation
from tests.paged import paged
from tests.provision import estate as estates
from tests.waiting import until

MIB = 1024 * 1024
READERS = 40
ADDRESS = "/firmware/FP-B2/1.1.0/fp-b2-1.1.0.img"
ASK = f"GET {ADDRESS} HTTP/1.1\r\nHost: x\r\n".encode()
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def image(installation: Installation) -> bytes:
    estates.build(installation)
    return estates.publish(installation, "1.1.0", 8 * MIB)


class SlowReaders:
    """Who asks, and then takes a little, but always something."""

    def __init__(self, port: int, asked: bytes) -> None:
        self._over = threading.Event()
        self.lines = [slow_line(port, asked) for _ in range(READERS)]
        for line in self.lines:
            line.settimeout(0)
        self.got = [0] * READERS
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._over.wait(0.05):
            for number, line in enumerate(self.lines):
                with contextlib.suppress(BlockingIOError):
                    self.got[number] += len(line.recv(2048))

    def leave(self) -> None:
        self._over.set()
        self._thread.join()
        for line in self.lines:
            line.close()


def slow_line(port: int, asked: bytes) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    line.settimeout(30)
    line.connect(("127.0.0.1", port))
    line.sendall(asked)
    return line


FAR = b"GET /far HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def far(app: Flask, image: bytes) -> Flask:
    """The app with an image that no kernel copies, as those of a bucket are."""
    add_far(app, image, lambda: BytesIO(image))
    return app


def add_far(app: Flask, image: bytes, opened: Callable[[], BytesIO]) -> None:
    shown = Representation(
        sha256=hashlib.sha256(image).hexdigest(),
        size=len(image),
        content_type="application/octet-stream",
        file_name="far.bin",
        last_modified=now(),
        cache=Cache.immutable(),
    )
    app.add_url_rule("/far", "far", anyone(lambda: respond(shown, opened, request)))


@pytest.fixture(params=[ASK + b"\r\n", ASK + b"\r\n" + LAST, FAR + b"\r\n"])
def slow(far: Flask, request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of pages while 40 read an image; some ask for a page as well, on the same line."""
    with paged(far) as port:
        readers = SlowReaders(port, request.param)
        try:
            until(lambda: min(readers.got) > 0)
            yield port
            taken = list(readers.got)
            until(lambda: all(now > was for now, was in zip(readers.got, taken, strict=True)))
        finally:
            readers.leave()


def test_forty_slow_readers_of_an_image_keep_no_page_waiting(slow: int, leeway: float) -> None:
    took = []
    for _ in range(10):
        began = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{slow}/downloads/", timeout=20) as answer:
            assert answer.status == 200
        took.append(time.monotonic() - began)
    print(f"pages in {statistics.median(took):.3f} s, the slowest {max(took):.3f} s")  # noqa: T201
    assert max(took) < 1.0 * leeway


@pytest.mark.parametrize("asked", [ASK, FAR])
def test_a_slow_reader_gets_the_image_whole_and_its_next_answer_after_it(
    far: Flask, image: bytes, asked: bytes
) -> None:
    with paged(far) as port, slow_line(port, asked + b"\r\n" + LAST) as line:
        received = bytearray()
        while piece := line.recv(32_768):
            received += piece
    head, _, rest = bytes(received).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert rest[: len(image)] == image
    assert rest[len(image) :].startswith(b"HTTP/1.1 200 ")
    assert rest.endswith(b"ok\n")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(b"bytes=0-9", slice(10)), (b"bytes=5000000-", slice(5_000_000, None)), (b"bytes=-7", -7)],
)
def test_parts_of_an_image_are_exactly_those_asked_for(
    app: Flask, image: bytes, asked: bytes, expected: slice | int
) -> None:
    wanted = image[expected] if isinstance(expected, slice) else image[expected:]
    assert got(app, ASK + b"Range: " + asked + b"\r\nConnection: close\r\n\r\n") == (206, wanted)


def test_several_parts_come_in_one_answer(app: Flask, image: bytes) -> None:
    status, body = got(app, ASK + b"Range: bytes=0-4,100-104\r\nConnection: close\r\n\r\n")
    assert status == 206
    assert image[:5] in body
    assert image[100:105] in body
    assert body.count(b"Content-Range: bytes ") == 2


def test_a_file_is_let_go_of_once_it_is_sent_or_its_reader_is_gone(
    app: Flask, image: bytes
) -> None:
    with paged(app) as port:
        with slow_line(port, ASK + b"\r\n") as line:
            assert line.recv(4096)
            until(lambda: blobs_open() == 1)
        until(lambda: blobs_open() == 0)
        with slow_line(port, ASK + b"\r\n") as line:
            left = len(image)
            while left > 0:
                left -= len(line.recv(65_536))
            # The connection is kept, its file is not.
            until(lambda: blobs_open() == 0)
            line.sendall(LAST)
            while line.recv(65_536):
                pass


def test_a_file_that_is_cut_short_meanwhile_ends_the_connection_at_once(
    app: Flask, image: bytes, installation: Installation, leeway: float
) -> None:
    [stored] = [path for path in blob_files(installation) if path.stat().st_size == len(image)]
    with paged(app) as port, slow_line(port, ASK + b"\r\n") as line:
        assert line.recv(4096)
        stored.chmod(0o600)
        os.truncate(stored, MIB)
        began, received = time.monotonic(), 0
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(65_536):
                received += len(piece)
        assert received < len(image)
        assert time.monotonic() - began < 10 * leeway


def test_a_file_that_cannot_be_read_on_ends_the_connection_at_once(
    app: Flask, image: bytes, leeway: float
) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > MIB:
                raise StorageFaultError(reason="planted")
            return super().read(size)

    add_far(app, image, lambda: Broken(image))
    began = time.monotonic()
    _status, body = got(app, FAR + b"\r\n")
    assert MIB <= len(body) < len(image)
    assert time.monotonic() - began < 10 * leeway


def got(app: Flask, raw: bytes) -> tuple[int, bytes]:
    """The status and the body of the only answer."""
    with paged(app) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(raw)
        received = b"".join(iter(lambda: line.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def blob_files(installation: Installation) -> list[Path]:
    folder = installation.blobs.folder
    assert folder is not None
    return [path for path in folder.glob("[0-9a-f][0-9a-f]/*") if path.is_file()]


def blobs_open() -> int:
    """How many stored files this process holds open."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found += "/blobs/" in str(link.readlink())
    return found
