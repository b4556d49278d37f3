"""Downloads cut anywhere and resumed by Range and If-Range end byte-exact, or start afresh."""

import hashlib
import random
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask import Flask, Response, request
from werkzeug.test import EnvironBuilder

from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.http_answers.sending import Sent, respond
from storage.serving import Cache, Representation
from tests.waiting import until

ROUNDS = 200
ALL = 1 << 30


def put(store: LocalBlobStore, data: bytes) -> Representation:
    stored = store.put(BytesIO(data))
    return Representation(
        sha256=stored.sha256,
        size=stored.size,
        content_type="application/octet-stream",
        file_name="fw.bin",
        last_modified=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        cache=Cache.revalidate(0),
    )


@dataclass
class Phone:
    """A client that keeps what it got and asks for the rest, as long as the bytes are the same."""

    kept: bytes = b""
    etag: str = ""
    restarts: int = 0

    def headers(self) -> dict[str, str]:
        if not self.kept:
            return {}
        return {"Range": f"bytes={len(self.kept)}-", "If-Range": self.etag}

    def take(self, status: int, headers: dict[str, str], received: bytes) -> None:
        if status == 206:
            assert headers["content-range"].startswith(f"bytes {len(self.kept)}-")
            assert headers["etag"] == self.etag
            self.kept += received
        elif status == 200:
            self.restarts += bool(self.kept)
            self.kept, self.etag = received, headers["etag"]
        else:
            assert status == 416
            assert headers["content-range"] == f"bytes */{len(self.kept)}"


@dataclass
class Address:
    """One address whose file may be replaced between two requests."""

    store: LocalBlobStore
    shown: Representation
    reports: list[Sent] = field(default_factory=list)

    def replace(self, data: bytes) -> None:
        self.shown = put(self.store, data)

    def get(self, phone: Phone, cut: int) -> None:
        """One request in-process, of which `cut` bytes arrive."""
        app = Flask("test")
        app.add_url_rule("/", view_func=self.view)
        answers: list[tuple[int, dict[str, str]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_rest: object) -> None:
            fields = {name.lower(): value for name, value in headers}
            answers.append((int(status[:3]), fields))

        environ = EnvironBuilder(headers=phone.headers()).get_environ()
        body = app.wsgi_app(environ, start_response)
        received = b""
        for piece in body:
            received += piece
            if len(received) >= cut:
                break
        body.close()  # as PEP 3333 has the server do
        phone.take(*answers[0], received[:cut])

    def view(self) -> Response:
        now = self.shown
        return respond(now, lambda: self.store.open(now.sha256), request, self.reports.append)


def test_200_cut_downloads_end_with_the_right_hash(store: LocalBlobStore) -> None:
    chance = random.Random(11)
    restarts = 0
    for _ in range(ROUNDS):
        address = Address(store, put(store, chance.randbytes(chance.randrange(1, 300_000))))
        phone = Phone()
        for _ in range(chance.randrange(1, 5)):
            address.get(phone, cut=chance.randrange(address.shown.size + 1))
            if chance.random() < 0.3:
                address.replace(chance.randbytes(chance.randrange(1, 300_000)))
        address.get(phone, cut=ALL)
        assert hashlib.sha256(phone.kept).hexdigest() == address.shown.sha256
        restarts += phone.restarts
    assert restarts > ROUNDS / 10, "files were really replaced under way"


@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.prove)])
def test_proof_r11_downloads_cut_on_the_wire_and_replaced_end_with_the_right_hash(
    port: int, shelf: LocalBlobStore, shown: dict[str, Representation], rounds: int
) -> None:
    chance = random.Random(12)
    for turn in range(rounds):
        shown["fw"] = put(shelf, chance.randbytes(chance.randrange(1, 300_000)))
        phone = Phone()
        fetch(port, phone, cut=chance.randrange(shown["fw"].size))
        if turn % 2:
            shown["fw"] = put(shelf, chance.randbytes(chance.randrange(1, 300_000)))
        fetch(port, phone, cut=ALL)
        assert hashlib.sha256(phone.kept).hexdigest() == shown["fw"].sha256
    print(f"R11: {rounds} downloads cut and resumed, {rounds} right hashes")  # noqa: T201


def fetch(port: int, phone: Phone, cut: int) -> None:
    """One request over a socket that is closed after `cut` bytes of the body."""
    lines = [f"{name}: {value}" for name, value in phone.headers().items()]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall("\r\n".join(["GET /fw HTTP/1.0", *lines, "", ""]).encode())
        with client.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            fields = (
                line.decode().strip().split(": ", 1) for line in iter(answer.readline, b"\r\n")
            )
            headers = {name.lower(): value for name, value in fields}
            phone.take(status, headers, answer.read(cut))


def test_a_phone_that_hangs_up_is_reported_as_cut_and_its_next_try_as_resumed(
    port: int, shelf: LocalBlobStore, shown: dict[str, Representation], reports: list[Sent]
) -> None:
    data = random.Random(13).randbytes(24 * 1024 * 1024)
    shown["fw"] = put(shelf, data)
    reports.clear()
    phone = Phone()
    fetch(port, phone, cut=100_000)
    cut = report_of(reports, len(data))
    assert (cut.status, cut.first_byte, cut.bytes_planned) == (200, 0, len(data))
    assert not cut.complete
    assert cut.bytes_sent < len(data)
    fetch(port, phone, cut=ALL)
    assert phone.kept == data
    rest = len(data) - 100_000
    assert report_of(reports, rest) == Sent(206, 100_000, rest, rest, complete=True)


def report_of(reports: list[Sent], planned: int) -> Sent:
    """The one report of so many bytes; the server notices a hang-up at its next write.

    Reports of an earlier test's hang-ups may come in between.
    """
    until(lambda: any(one.bytes_planned == planned for one in reports))
    (report,) = (one for one in reports if one.bytes_planned == planned)
    reports.clear()
    return report
