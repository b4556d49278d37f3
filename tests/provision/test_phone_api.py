"""The phone plane on a real server: what is given, to whom, and what is never told."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from provision import credentials, folding
from provision.devices import registry
from provision.doorkeeper import FAILURES_PER_MINUTE
from provision.models import CheckIn, CheckInKind, Device
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import IMAGE_BYTES, MAC, SIP_PASSWORD, UNKNOWN, Estate
from tests.provision.phone_plane import Answer, ask, send, served

RECORDED = Path(__file__).parents[1] / "recordings" / "phone-requests.jsonl"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@pytest.fixture
def port(estate: Estate, phones: Flask) -> Iterator[int]:
    assert estate.token, "the phones are in the register before the first one calls"
    with served(phones) as found:
        yield found


def device(estate: Estate) -> Device:
    folding.reader_of(estate.installation).fold()
    with estate.installation.database.reading() as session:
        return registry.get(session, MAC)


def check_ins(estate: Estate, kind: CheckInKind) -> list[CheckIn]:
    folding.reader_of(estate.installation).fold()
    with estate.installation.database.reading() as session:
        query = select(CheckIn).where(CheckIn.kind == kind).order_by(CheckIn.id)
        return list(session.scalars(query))


def without_names(body: bytes) -> bytes:
    """A bootstrap with its MAC and its closing hash taken out."""
    nameless = re.sub(rb"02f1a7[0-9a-f]{6}", b"MAC", body)
    return re.sub(rb"# sha256 [0-9a-f]{64}", b"# sha256", nameless)


def closes_well(body: bytes) -> bool:
    before, _, closing = body.rpartition(b"# sha256 ")
    return hashlib.sha256(before).hexdigest().encode() == closing.strip()


def test_a_bootstrap_tells_nothing_of_whether_the_mac_is_known(port: int) -> None:
    known, unknown = ask(port, f"/p/{MAC}.cfg"), ask(port, f"/p/{UNKNOWN}.cfg")
    assert known.status == unknown.status == 200
    assert without_names(known.body) == without_names(unknown.body)
    assert known.body != unknown.body
    names = set(known.headers) - {"etag", "content-length"}
    assert names == set(unknown.headers) - {"etag", "content-length"}
    assert not re.search(rb"password|secret|token", known.body, re.IGNORECASE)
    assert f"http://phones.test/p/auth/{MAC}.cfg".encode() in known.body
    assert closes_well(known.body)


SPELLINGS = [
    "/p/02F1A7000001.cfg",
    "/p/02:f1:a7:00:00:01.cfg",
    "/p/02-F1-A7-00-00-01.CFG",
    "/p/02%3Af1%3Aa7%3A00%3A00%3A01.cfg",
    "//p///02f1a7000001.cfg",
    "/p//02f1.a700.0001.cfg",
    "/p/./02f1a7000001.cfg",
    "http://any.host.example/p/02f1a7000001.cfg",
]


def test_every_spelling_of_a_mac_gets_the_same_bootstrap(port: int) -> None:
    usual = ask(port, f"/p/{MAC}.cfg").body
    for target in SPELLINGS:
        answer = ask(port, target)
        assert (answer.status, answer.body) == (200, usual), target


def test_a_token_opens_its_own_configuration_and_it_is_not_sent_twice(
    port: int, estate: Estate
) -> None:
    target = f"/p/{estate.token}/{MAC}.cfg"
    answer = ask(port, target, f"User-Agent: {estate.agent('2.3.1')}")
    assert answer.status == 200
    assert closes_well(answer.body)
    assert f'password = "{SIP_PASSWORD}"'.encode() in answer.body
    assert answer.first("cache-control") == "private, no-store"
    assert "set-cookie" not in answer.headers
    again = ask(port, target, f"If-None-Match: {answer.first('etag')}")
    assert (again.status, again.body) == (304, b"")
    assert again.first("etag") == answer.first("etag")


def test_head_tells_the_length_without_the_bytes(port: int, estate: Estate) -> None:
    target = f"/p/{estate.token}/{MAC}.cfg"
    whole, head = ask(port, target), ask(port, target, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.first("content-length") == str(len(whole.body))


def test_a_wrong_token_and_a_path_that_is_none_get_one_and_the_same_refusal(
    port: int, estate: Estate
) -> None:
    guessed = "A" * len(estate.token)
    refusals = [
        ask(port, f"/p/{guessed}/{MAC}.cfg"),
        ask(port, f"/p/{guessed}/{UNKNOWN}.cfg"),
        ask(port, f"/p/{estate.token}/{UNKNOWN}.cfg"),
        ask(port, f"/p/{guessed}/firmware"),
        ask(port, f"/p/{estate.token}x/{MAC}.cfg"),
        ask(port, "/p/nothing/of/ours"),
        ask(port, f"/p/{guessed}/FP-B2.cfg"),
    ]
    assert {answer.status for answer in refusals} == {404}
    assert {answer.body for answer in refusals} == {b"404\n"}
    assert len({tuple(sorted(answer.headers)) for answer in refusals}) == 1


def test_a_phone_of_which_the_request_says_two_macs_gets_no_secret(
    port: int, estate: Estate
) -> None:
    agent = estate.agent("2.3.1", mac="02f1a7000009")
    answer = ask(port, f"/p/{estate.token}/{MAC}.cfg", f"User-Agent: {agent}")
    assert (answer.status, answer.body) == (404, b"404\n")
    assert [row.status for row in check_ins(estate, CheckInKind.REFUSED)] == [404]
    assert device(estate).last_check_in_at is None


def test_a_challenge_comes_first_and_is_alike_for_unknown_macs(port: int) -> None:
    known, unknown = ask(port, f"/p/auth/{MAC}.cfg"), ask(port, f"/p/auth/{UNKNOWN}.cfg")
    assert (known.status, known.body) == (unknown.status, unknown.body) == (401, b"401\n")

    def shape(answer: Answer) -> list[str]:
        challenges = answer.headers["www-authenticate"]
        return [re.sub(r'nonce="[^"]+"', 'nonce="…"', challenge) for challenge in challenges]

    assert shape(known) == shape(unknown)
    assert [found.split("algorithm=")[1][:3] for found in shape(known)] == ["SHA", "MD5"]


def curl(port: int, target: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("curl")
    assert program, "curl is one of the phones of these tests"
    url = f"http://127.0.0.1:{port}{target}"
    command = [program, "-sS", "--max-time", "20", "-o", "-", "-w", "\n%{http_code}", *options, url]
    return subprocess.run(command, capture_output=True, check=False, timeout=30)


def test_curl_proves_itself_by_digest(port: int, estate: Estate) -> None:
    for user in (MAC, "02-F1-A7-00-00-01"):
        done = curl(port, f"/p/auth/{MAC}.cfg", "--digest", "-u", f"{user}:{estate.password}")
        body, _, status = done.stdout.rpartition(b"\n")
        assert status == b"200", done
        assert SIP_PASSWORD.encode() in body
        assert f"http://phones.test/p/auth/{MAC}.cfg".encode() in body


@pytest.mark.parametrize("target", [f"/p/auth/{MAC}.cfg", f"/p/auth/{UNKNOWN}.cfg"])
def test_a_wrong_password_is_challenged_again_alike_for_unknown_macs(
    port: int, estate: Estate, target: str
) -> None:
    user = target.rpartition("/")[2].removesuffix(".cfg")
    done = curl(port, target, "--digest", "-u", f"{user}:not-{estate.password}")
    assert done.stdout.rpartition(b"\n")[2] == b"401"


def test_a_captured_digest_answer_opens_nothing_again(port: int, estate: Estate) -> None:
    target = f"/p/auth/{MAC}.cfg"
    with socket.create_server(("127.0.0.1", 0)) as tap:
        done = _curl_through(tap, port, target, f"{MAC}:{estate.password}")
    assert b"Authorization: Digest" in done
    replayed = send(port, done.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert replayed.status == 401
    assert "stale=true" in (replayed.first("www-authenticate") or "")


def _curl_through(tap: socket.socket, port: int, target: str, login: str) -> bytes:
    """The last request of a curl that reached the server through our wire tap."""
    program = shutil.which("curl")
    assert program, "curl is one of the phones of these tests"
    url = f"http://127.0.0.1:{tap.getsockname()[1]}{target}"
    command = [program, "-sS", "--http1.0", "--digest", "-u", login, url]
    request = b""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        for _ in range(2):
            client, _address = tap.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as server:
                request = client.recv(65536)
                server.sendall(request)
                client.sendall(b"".join(iter(lambda: server.recv(65536), b"")))
        process.wait(20)
    return request


def test_guessing_is_slowed_down_but_first_contacts_and_right_proofs_are_not(
    port: int, estate: Estate
) -> None:
    guessed = "B" * 43
    statuses = [ask(port, f"/p/{guessed}/{MAC}.cfg").status for _ in range(FAILURES_PER_MINUTE + 3)]
    assert statuses == [404] * FAILURES_PER_MINUTE + [429] * 3
    assert ask(port, f"/p/{guessed}/{MAC}.cfg").first("retry-after") == "60"
    assert ask(port, f"/p/{UNKNOWN}.cfg").status == 200
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg").status == 200


def test_what_a_product_shares_holds_no_secret(port: int, estate: Estate) -> None:
    for target in ("/p/FP-B2.cfg", "/p/fp-b2.cfg", f"/p/{estate.token}/FP-B2.cfg"):
        answer = ask(port, target)
        assert answer.status == 200, target
        assert closes_well(answer.body)
        assert b"password" not in answer.body
    assert ask(port, "/p/FP-XX.cfg").body == b"404\n"


def test_a_due_release_stands_in_the_configuration_and_at_the_phones_own_address(
    port: int, estate: Estate
) -> None:
    image = estates.publish(estate.installation, "2.4.1")
    agent = f"User-Agent: {estate.agent('2.3.1')}"
    told = ask(port, f"/p/{estate.token}/{MAC}.cfg", agent).body.decode()
    assert 'version = "2.4.1"' in told
    assert f'url = "http://phones.test/p/{estate.token}/firmware"' in told
    assert f'size = "{len(image)}"' in told
    assert hashlib.sha256(image).hexdigest() in told
    answer = ask(port, f"/p/{estate.token}/firmware", agent)
    assert (answer.status, answer.body) == (200, image)
    assert (
        ask(port, f"/p/{estate.token}/firmware", f"User-Agent: {estate.agent('2.4.1')}").status
        == 204
    )
    settled = ask(port, f"/p/{estate.token}/{MAC}.cfg", f"User-Agent: {estate.agent('2.4.1')}")
    assert b"[firmware]" not in settled.body


def test_a_phone_with_a_password_takes_its_image_from_the_public_address(
    port: int, estate: Estate
) -> None:
    estates.publish(estate.installation, "2.4.1")
    login = f"{MAC}:{estate.password}"
    done = curl(port, f"/p/auth/{MAC}.cfg", "--digest", "-u", login, "-A", estate.agent("2.3.1"))
    assert b"http://phones.test/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img" in done.stdout
    path = "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"
    answer = ask(port, path, f"User-Agent: {estate.agent('2.3.1')}")
    assert len(answer.body) == IMAGE_BYTES
    row = _finished(estate, 1)[0]
    assert (row.strength, row.version, row.complete) == ("claimed", "2.4.1", True)
    assert (row.bytes_sent, row.total_bytes) == (IMAGE_BYTES, IMAGE_BYTES)


def _finished(estate: Estate, number: int) -> list[CheckIn]:
    """The first `number` downloads, once the server has noted how they ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        rows = [row for row in check_ins(estate, CheckInKind.FIRMWARE) if row.finished_at]
        if len(rows) >= number:
            return rows
        time.sleep(0.05)
    pytest.fail("the download was never noted as finished")


@pytest.mark.parametrize("by_token", [True, False])
def test_a_cut_and_a_resumed_download_are_on_record(
    port: int, estate: Estate, *, by_token: bool
) -> None:
    size = 16_000_000  # more than any socket buffers between the two hold
    image = estates.publish(estate.installation, "2.4.1", size)
    path = f"/p/{estate.token}/firmware" if by_token else "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"
    agent = f"User-Agent: {estate.agent('2.3.1')}"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"GET {path} HTTP/1.0\r\n{agent}\r\n\r\n".encode())
        got = b""
        while len(got) < 1_500_000:
            got += client.recv(65536)
        etag = re.search(rb'(?i)etag: ("[^"]+")', got)
        assert etag
    have = len(got.partition(b"\r\n\r\n")[2])
    cut = _finished(estate, 1)[0]
    assert cut.complete is False
    assert cut.bytes_sent is not None
    assert have <= cut.bytes_sent < size
    rest = ask(port, path, agent, f"Range: bytes={have}-", f"If-Range: {etag[1].decode()}")
    assert (rest.status, rest.body) == (206, image[have:])
    resumed = _finished(estate, 2)[1]
    assert (resumed.first_byte, resumed.bytes_sent, resumed.complete) == (have, size - have, True)
    assert resumed.strength == ("proved" if by_token else "claimed")


def test_a_proved_phone_says_what_it_runs_and_a_boot_loader_does_not(
    port: int, estate: Estate
) -> None:
    target = f"/p/{estate.token}/{MAC}.cfg"
    ask(port, target, f"User-Agent: {estate.agent('2.3.1')}")
    before = device(estate)
    assert (before.firmware, before.address) == ("2.3.1", "127.0.0.1")
    boot = estate.agent("1.0.9").replace("FlatPhone/", "FlatPhone-Boot/")
    ask(port, target, f"User-Agent: {boot}")
    assert device(estate).firmware == "2.3.1"
    ask(port, f"/p/{MAC}.cfg", f"User-Agent: {estate.agent('9.9.9')}")
    assert device(estate).firmware == "2.3.1"


def test_people_who_download_an_image_leave_no_check_in(port: int, estate: Estate) -> None:
    estates.publish(estate.installation, "2.4.1")
    path = "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"
    assert len(ask(port, path, "User-Agent: Mozilla/5.0").body) == IMAGE_BYTES
    assert ask(port, path, f"User-Agent: {estate.agent('2.3.1')}", method="HEAD").status == 200
    assert ask(port, "/firmware/FP-B2/stable/manifest.json").status == 200
    assert check_ins(estate, CheckInKind.FIRMWARE) == []


def test_a_record_that_cannot_be_written_costs_no_phone_its_file(port: int, estate: Estate) -> None:
    image = estates.publish(estate.installation, "2.4.1")
    with estate.installation.database.writing() as session:
        session.execute(text("DROP TABLE check_in"))
    agent = f"User-Agent: {estate.agent('2.3.1')}"
    assert ask(port, f"/p/{MAC}.cfg").status == 200
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg", agent).status == 200
    assert ask(port, f"/p/{estate.token}/firmware", agent).body == image
    assert ask(port, "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img", agent).body == image


def test_a_server_that_does_not_tell_the_raw_target_is_served_too(
    estate: Estate, phones: Flask
) -> None:
    untold = {"REQUEST_URI": "", "RAW_URI": ""}
    client = phones.test_client()
    for path in (f"/p/{estate.token}/{MAC}.cfg", "/p/02%3Af1%3Aa7%3A00%3A00%3A01.cfg?x=1"):
        assert client.get(path, environ_overrides=untold).status_code == 200
    assert client.get("/p/%2e%2e/x", environ_overrides=untold).status_code == 404


def test_the_old_token_ends_when_the_new_one_is_used(port: int, estate: Estate) -> None:
    ask(port, f"/p/{estate.token}/{MAC}.cfg")
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        newer = credentials.issue_token(session, phone, actor="test", now=now())
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg").status == 200
    assert ask(port, f"/p/{newer}/{MAC}.cfg").status == 200
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg").status == 404


def test_no_record_holds_a_token(port: int, estate: Estate) -> None:
    ask(port, f"/p/{estate.token}/{MAC}.cfg")
    ask(port, f"/p/{estate.token}/{UNKNOWN}.cfg")
    ask(port, f"/p/{estate.token}/{MAC}.cfg")
    journal = [path.read_text() for path in (estate.installation.data_dir / "journal").iterdir()]
    assert journal
    assert estate.token not in "".join(journal)
    folding.reader_of(estate.installation).fold()
    with estate.installation.database.reading() as session:
        rows = list(session.scalars(select(CheckIn)))
    assert len(rows) == 3
    assert estate.token not in "".join(repr(vars(row)) for row in rows)


NONSENSE = [
    b"GET /p/%00.cfg HTTP/1.0\r\n\r\n",
    b"GET /p/../../etc/passwd HTTP/1.0\r\n\r\n",
    b"GET /p/%2e%2e%2fetc%2fpasswd HTTP/1.0\r\n\r\n",
    b"GET /p/\xff\xfe\xfd.cfg HTTP/1.0\r\n\r\n",
    b"GET /p/%zz%.cfg HTTP/1.0\r\n\r\n",
    b"GET /p/" + b"a" * 20_000 + b" HTTP/1.0\r\n\r\n",
    b"GET /p HTTP/1.0\r\n\r\n",
    b"GET /p/ HTTP/1.0\r\n\r\n",
    b"GET // HTTP/1.0\r\n\r\n",
    b"GET * HTTP/1.0\r\n\r\n",
    b"PUT /p/02f1a7000001-app.log HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /p/02f1a7000001.cfg HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
    b"BREW /p/02f1a7000001.cfg HTTP/1.0\r\n\r\n",
    b"GET /p/auth/02f1a7000001.cfg HTTP/1.0\r\nAuthorization: Digest \xff\xff\r\n\r\n",
    b"GET /p/auth/02f1a7000001.cfg HTTP/1.0\r\nAuthorization: Basic Zm9v\r\n\r\n",
    b"GET /p/auth/02f1a7000001.cfg HTTP/1.0\r\nAuthorization: Digest "
    + b'username="02f1a7000001", ' * 200
    + b"\r\n\r\n",
    b"GET /p/02f1a7000001.cfg HTTP/1.1\r\nHost: \xff\x01 bad host\r\nConnection: close\r\n\r\n",
    b"GET /p/02f1a7000001.cfg HTTP/1.1\r\nConnection: close\r\n\r\n",
    b"GET /p/02f1a7000001.cfg HTTP/1.0\r\nUser-Agent: \x14\x16\xff FlatPhone\r\n\r\n",
    b'GET /p/02f1a7000001.cfg HTTP/1.0\r\nIf-None-Match: "\xff, W/\r\nRange: bytes=9-1\r\n\r\n',
    b"GET /p/02f1a7000001.cfg?mac=%00 HTTP/1.0\r\nCookie: flatpro=\xff\r\n\r\n",
    b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
]


def test_no_bytes_make_it_fail(port: int) -> None:
    for raw in NONSENSE:
        answer = send(port, raw)
        assert answer.status < 500, raw[:80]
        assert b"Traceback" not in answer.body
        assert "location" not in answer.headers
    assert ask(port, f"/p/{MAC}.cfg").status == 200


def test_whatever_real_phones_of_other_makers_send_is_answered_without_a_fault(port: int) -> None:
    if not RECORDED.exists():
        pytest.skip("the recordings of phones' requests are not here")
    rows = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    shown = [row for row in rows if row.get("path") or row.get("user_agent")]
    for row in shown:
        path = "/p/" + (row.get("path") or f"{MAC}.cfg").lstrip("/")
        agent = row.get("user_agent") or "-"
        answer = ask(port, path, f"User-Agent: {agent}", method=row.get("method") or "GET")
        assert answer.status in {200, 401, 404, 405}, (path, answer.status)
