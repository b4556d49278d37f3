"""The phones' listener on raw sockets: odd, silent, slow and greedy phones, and all the others."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask

from provision import folding
from provision.devices import registry
from provision.models import CheckIn, CheckInKind
from provision.phone_fetches import phone_plane
from storage.installation import Installation
from tests.evented import evented
from tests.provision import estate as estates
from tests.provision.estate import MAC, SIP_PASSWORD, UNKNOWN, Estate
from tests.provision.phone_api.conftest import check_ins, curl
from tests.provision.phone_api.test_given import SPELLINGS
from tests.provision.phone_api.test_odd_requests import NONSENSE
from tests.provision.phone_plane import ask, send
from tests.waiting import until

SILENT = 1000
STALLED = 60
IMAGE_BYTES = 16_000_000


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@pytest.fixture
def port(estate: Estate, phones: Flask) -> Iterator[int]:
    assert estate.token, "the phones are in the register before the first one calls"
    with evented(phones) as found:
        yield found


def target(estate: Estate) -> str:
    return f"/p/{estate.token}/{MAC}.cfg"


def test_a_phone_is_configured_by_the_views_and_then_by_the_door(
    port: int, estate: Estate, phones: Flask
) -> None:
    agent = f"User-Agent: {estate.agent('2.3.1')}"
    answers = []
    for _ in range(3):
        answers.append(ask(port, target(estate), agent))
        folding.reader_of(estate.installation).fold()
        phone_plane.keeper_of(phones).flush()
    assert [answer.status for answer in answers] == [200] * 3
    assert SIP_PASSWORD.encode() in answers[0].body
    by_views, by_door = (
        {
            name: value
            for name, value in answer.headers.items()
            if name not in {"date", "x-request-id"}
        }
        for answer in answers[1:]
    )
    assert (by_door, answers[2].body) == (by_views, answers[1].body)
    same = ask(port, target(estate), agent, f"If-None-Match: {answers[2].first('etag')}")
    assert (same.status, same.body) == (304, b"")
    with estate.installation.database.reading() as session:
        assert registry.get(session, MAC).address == "127.0.0.1"


def test_every_spelling_of_a_mac_gets_the_same_bootstrap(port: int) -> None:
    usual = ask(port, f"/p/{MAC}.cfg").body
    for spelled in SPELLINGS:
        answer = ask(port, spelled)
        assert (answer.status, answer.body) == (200, usual), spelled


def test_no_bytes_make_it_fail(port: int) -> None:
    for raw in NONSENSE:
        answer = send(port, raw)
        assert answer.status < 500, raw[:80]
        assert b"Traceback" not in answer.body
        assert "location" not in answer.headers
    assert ask(port, f"/p/{MAC}.cfg").status == 200


def test_head_tells_the_length_without_the_bytes(port: int, estate: Estate) -> None:
    whole, head = ask(port, target(estate)), ask(port, target(estate), method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.first("content-length") == str(len(whole.body))


def test_several_requests_on_one_connection_are_answered_in_their_order(port: int) -> None:
    requests = [f"GET /p/02f1a70000{n:02}.cfg HTTP/1.1\r\nHost: x\r\n" for n in range(5)]
    raw = "\r\n".join([*requests, "GET /p/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(raw.encode())
        received = b"".join(iter(lambda: client.recv(65536), b""))
    assert re.findall(rb'mac = "02f1a70000(\d\d)"', received) == [b"%02d" % n for n in range(5)]


def test_curl_proves_itself_by_digest_also_in_an_odd_spelling(port: int, estate: Estate) -> None:
    for path in (f"/p/auth/{MAC}.cfg", "/p/auth/02%3Af1%3Aa7%3A00%3A00%3A01.cfg"):
        done = curl(port, path, "--digest", "-u", f"{MAC}:{estate.password}")
        body, _, status = done.stdout.rpartition(b"\n")
        assert (status, SIP_PASSWORD.encode() in body) == (b"200", True), path


def test_the_words_of_a_phone_reach_the_record_whatever_bytes_they_are(
    port: int, estate: Estate
) -> None:
    send(port, f"GET /p/{UNKNOWN}.cfg HTTP/1.0\r\nUser-Agent: ".encode() + b"\xd0\x9f\xff\r\n\r\n")
    (row,) = check_ins(estate, CheckInKind.BOOTSTRAP)
    assert row.user_agent == "\u00d0\\x9f\u00ff"


def test_a_header_that_only_a_proxy_may_say_cannot_be_spelled_with_a_dash_below(
    port: int, estate: Estate
) -> None:
    ask(port, f"/p/{UNKNOWN}.cfg", "X_Forwarded_For: 10.9.9.9", "X-Forwarded-For: 10.8.8.8")
    (row,) = check_ins(estate, CheckInKind.BOOTSTRAP)
    assert row.address == "127.0.0.1"


def test_a_body_beyond_the_limit_is_refused_unread(port: int) -> None:
    head = f"PUT /p/{'x' * 43}/{MAC}-app.log HTTP/1.1\r\nHost: x\r\n"
    assert send(port, f"{head}Content-Length: 5000000000\r\n\r\n".encode()).status == 413
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        with contextlib.suppress(OSError):
            for _ in range(40):
                client.sendall(chunk)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(65536).startswith(b"HTTP/1.1 413")


def _cut(port: int, path: str, agent: str) -> int:
    """Read a little of an image and hang up; how many bytes of it we got."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.sendall(f"GET {path} HTTP/1.0\r\nUser-Agent: {agent}\r\n\r\n".encode())
        got = b""
        while len(got) < 1_500_000:
            got += client.recv(65536)
        time.sleep(0.3)
    return len(got.partition(b"\r\n\r\n")[2])


def _finished(estate: Estate, number: int) -> list[CheckIn]:
    def noted() -> list[CheckIn]:
        return [row for row in check_ins(estate, CheckInKind.FIRMWARE) if row.finished_at]

    until(lambda: len(noted()) >= number)
    return noted()


@pytest.mark.parametrize("by_token", [True, False])
def test_a_cut_download_is_on_record_close_to_where_it_was_cut(
    port: int, estate: Estate, *, by_token: bool
) -> None:
    image = estates.publish(estate.installation, "2.4.1", IMAGE_BYTES)
    path = f"/p/{estate.token}/firmware" if by_token else "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"
    have = _cut(port, path, estate.agent("2.3.1"))
    (cut,) = _finished(estate, 1)
    assert cut.complete is False
    assert cut.bytes_sent is not None
    assert have <= cut.bytes_sent < have + 2_000_000
    agent = f"User-Agent: {estate.agent('2.3.1')}"
    rest = ask(port, path, agent, f"Range: bytes={have}-")
    assert (rest.status, rest.body) == (206, image[have:])
    resumed = _finished(estate, 2)[1]
    assert (resumed.first_byte, resumed.complete) == (have, True)


def test_silent_phones_and_stalled_downloads_keep_nobody_waiting(
    port: int, estate: Estate, phones: Flask, leeway: float
) -> None:
    """1,000 connections that say nothing, 60 images that nobody reads: the next phone is served."""
    estates.publish(estate.installation, "2.4.1", IMAGE_BYTES)
    agent = estate.agent("2.3.1")
    before = threading.active_count()
    with contextlib.ExitStack() as held:

        def connect() -> socket.socket:
            client = socket.create_connection(("127.0.0.1", port), timeout=20)
            return held.enter_context(client)

        for _ in range(SILENT):
            connect()
        for _ in range(STALLED):
            client = connect()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            request = f"GET /p/{estate.token}/firmware HTTP/1.0\r\nUser-Agent: {agent}\r\n\r\n"
            client.sendall(request.encode())
            assert client.recv(12) == b"HTTP/1.0 200"
        took = []
        for number in range(30):
            begun = time.monotonic()
            asked = target(estate) if number % 2 else f"/p/{UNKNOWN}.cfg"
            assert ask(port, asked, f"User-Agent: {agent}").status == 200
            took.append(time.monotonic() - begun)
            phone_plane.keeper_of(phones).flush()
        assert threading.active_count() <= before + 40, "none has a thread of its own"
    assert max(took) < 1.0 * leeway, sorted(took)[-5:]
