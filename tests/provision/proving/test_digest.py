import hashlib
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.auth import HTTPDigestAuth

from provision.devices.identity import MacAddress
from provision.proving.digest import (
    CLOCK_STEP,
    LIFETIME,
    Accepted,
    AnswersSeen,
    Refused,
    Stale,
    Verdict,
    challenge,
    check,
)

SECRET = b"s" * 32
PASSWORD = "correct horse"
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
OWN = MacAddress("02f1a7000001")
OTHER = MacAddress("02f1a7000002")
TARGET = "/p/auth/02f1a7000001.cfg"


def nonce_of(challenges: list[str]) -> str:
    found = re.search(r'nonce="([^"]+)"', challenges[0])
    assert found is not None
    return found[1]


def answer(algorithm: str = "SHA-256", password: str = PASSWORD, **changed: str) -> str:
    """What a right phone sends, computed from RFC 7616 and not from our code."""
    parts = {
        "username": OWN.hex,
        "realm": "flatphone",
        "nonce": nonce_of(challenge(SECRET, NOW, OWN)),
        "uri": TARGET,
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "0a4f113b",
        "algorithm": algorithm,
    } | changed

    def digest(text: str) -> str:
        return hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()

    secret = digest(f"{parts['username']}:{parts['realm']}:{password}")
    request = digest(f"GET:{parts['uri']}")
    once = ":".join(parts[name] for name in ("nonce", "nc", "cnonce", "qop"))
    parts.setdefault("response", digest(f"{secret}:{once}:{request}"))
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in parts.items())


def verdict(
    header: str | None,
    *,
    password: str | None = PASSWORD,
    mac: MacAddress = OWN,
    method: str = "GET",
    target: str = TARGET,
    now: datetime = NOW,
    secret: bytes = SECRET,
) -> Verdict:
    return check(header, method, target, password, secret, now, mac)


def test_both_algorithms_are_offered_the_better_first() -> None:
    first, second = challenge(SECRET, NOW, OWN)
    assert first.startswith('Digest realm="flatphone", qop="auth", algorithm=SHA-256, nonce="')
    assert second == first.replace("SHA-256", "MD5")
    assert challenge(SECRET, NOW, OWN, stale=True) == [f"{x}, stale=true" for x in (first, second)]


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_the_right_password_is_accepted(algorithm: str) -> None:
    found = verdict(answer(algorithm))
    assert found == Accepted(nonce_of(challenge(SECRET, NOW, OWN)), 1)


def test_any_spelling_of_the_mac_is_the_user() -> None:
    assert isinstance(verdict(answer(username="02:F1:A7:00:00:01")), Accepted)


def test_md5_is_meant_when_no_algorithm_is_named() -> None:
    header = answer("MD5").replace(', algorithm="MD5"', "")
    assert "algorithm" not in header
    assert isinstance(verdict(header), Accepted)


def test_values_may_come_without_quotes_and_with_escapes() -> None:
    header = re.sub(r'(qop|nc|algorithm)="([^"]*)"', r"\1=\2", answer(cnonce='a"b'))
    header = header.replace('cnonce="a"b"', r'cnonce="a\"b"')
    assert isinstance(verdict(header.replace("nc=", "nc =")), Accepted)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "no readable answer"),
        ("", "no readable answer"),
        ("Basic MDJmMWE3OnA=", "no readable answer"),
        ("Digest ä=1", "no readable answer"),
        ("Digest username", "no readable answer"),
        ('Digest a="1", a="2"', "no readable answer"),
        (f"Digest a={'x' * 5000}", "no readable answer"),
        ("Digest ", "incomplete answer"),
        (answer(cnonce=""), "incomplete answer"),
        (answer(username=OTHER.hex), "another user"),
        (answer(username="admin"), "another user"),
        (answer(realm="other"), "not what was asked for"),
        (answer(qop="auth-int"), "not what was asked for"),
        (answer().replace('"SHA-256"', '"SHA-512"'), "not what was asked for"),
        (answer(uri="/p/auth/02f1a7000002.cfg"), "answer for another address"),
        (answer(nc="0"), "bad count"),
        (answer(nc="00000000"), "bad count"),
        (answer(password="wrong"), "wrong password"),
        (answer(response="0" * 64), "wrong password"),
    ],
)
def test_everything_else_is_refused_with_a_reason(header: str | None, reason: str) -> None:
    assert verdict(header) == Refused(reason)


def test_an_answer_is_worth_nothing_for_another_method() -> None:
    assert verdict(answer(), method="PUT") == Refused("wrong password")


def test_a_device_without_a_password_is_refused_like_a_wrong_one() -> None:
    assert verdict(answer(), password=None) == Refused("wrong password")
    assert verdict(answer(password="\x00"), password=None) == Refused("wrong password")


@pytest.mark.parametrize("age", [LIFETIME, -CLOCK_STEP, timedelta(0)])
def test_a_nonce_lives_its_lifetime(age: timedelta) -> None:
    assert isinstance(verdict(answer(), now=NOW + age), Accepted)


@pytest.mark.parametrize(
    "age", [LIFETIME + timedelta(seconds=1), -CLOCK_STEP - timedelta(seconds=1)]
)
def test_past_it_the_right_password_is_asked_for_again(age: timedelta) -> None:
    assert verdict(answer(), now=NOW + age) == Stale()
    assert verdict(answer(password="wrong"), now=NOW + age) == Refused("wrong password")


@pytest.mark.parametrize(
    "nonce",
    [
        nonce_of(challenge(SECRET, NOW, OTHER)),
        nonce_of(challenge(b"another secret", NOW, OWN)),
        "AAAA",
        "not base64!",
        nonce_of(challenge(SECRET, NOW, OWN))[:-1] + "=",
    ],
)
def test_a_nonce_that_is_not_ours_for_this_phone_is_never_accepted(nonce: str) -> None:
    assert verdict(answer(nonce=nonce)) == Stale()


def test_one_phones_answer_opens_no_other_phones_file() -> None:
    assert verdict(answer(), mac=OTHER) == Refused("another user")


@given(st.text())
def test_no_header_makes_it_stumble(text: str) -> None:
    assert verdict(f"Digest {text}").__class__ is Refused
    assert verdict(text).__class__ is Refused


def test_an_overheard_answer_is_new_only_once() -> None:
    seen = AnswersSeen(limit=2)
    assert seen.is_first(Accepted("a", 1))
    assert not seen.is_first(Accepted("a", 1))
    assert seen.is_first(Accepted("a", 3))
    assert not seen.is_first(Accepted("a", 2))
    assert all(seen.is_first(Accepted(nonce, 1)) for nonce in ("b", "c"))
    assert seen.is_first(Accepted("a", 1)), "the oldest is forgotten past the limit"


class _Door(BaseHTTPRequestHandler):
    """A server with nothing but the digest, for clients that are not ours."""

    def do_GET(self) -> None:
        now = datetime.now(UTC)
        header = self.headers["Authorization"]
        found = check(header, "GET", self.path, PASSWORD, SECRET, now, OWN)
        if isinstance(found, Accepted):
            self.send_response(200)
        else:
            self.send_response(401)
            for value in challenge(SECRET, now, OWN, stale=isinstance(found, Stale)):
                self.send_header("WWW-Authenticate", value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{TARGET}"
        server.shutdown()
        thread.join()


def by_requests(url: str, password: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, auth=HTTPDigestAuth(OWN.hex, password), timeout=20).status_code


def by_curl(url: str, password: str) -> int:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = ["curl", "-q", "--silent", "--digest", "--user", f"{OWN.hex}:{password}"]
    command += ["--output", "/dev/null", "--write-out", "%{http_code}", "--noproxy", "*", url]
    return int(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)


@pytest.mark.parametrize("client", [by_requests, by_curl])
def test_clients_that_are_not_ours_can_prove_themselves(
    door: str, client: Callable[[str, str], int]
) -> None:
    assert client(door, PASSWORD) == 200
    assert client(door, "wrong") == 401
    assert client(f"{door}?a=1", PASSWORD) == 200
