import contextlib
import gzip
import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from provision.devices.identity import MacAddress, SerialNumber
from provision.families.family import Family
from provision.proving.digest import Accepted, challenge, check
from provision.readers.errors import (
    AccessDeniedError,
    UnexpectedAnswerError,
    UnreachableError,
    UnreadableWayError,
)
from provision.readers.facts import LineFacts
from provision.readers.http import BYTES_MAX, read_http
from provision.readers.http_values import point, scalar
from provision.readers.networks import Target
from provision.readers.ways import Login
from tests.ports import free_port

PASSWORD = "correct horse"
MAC = MacAddress("02f1a7000001")
LOGIN = Login(MAC.hex, PASSWORD)
STATUS: dict[str, Any] = {
    "model": "FP-B2",
    "hardware": "A",
    "serial": "FP2648B2K7Q2XM6",
    "mac": "02f1a7000001",
    "firmware": "2.4.1",
    "uptime_s": 4711.0,
    "last_reboot_reason": "power",
    "network": {"ip": "192.0.2.7", "vlan": 12, "poe_class": 2, "neighbour": "switch-3/7"},
    "lines": [{"number": "101", "server": "sip.example", "state": "registered"}, {}, 7],
    "quality": {"mos": 4.2, "loss_percent": 0, "jitter_ms": 3.5},
}
Phone = Callable[[Callable[[str, socket.socket], None]], Target]


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


def send(payload: bytes) -> Callable[[str, socket.socket], None]:
    """A phone that answers every request with the same bytes and closes."""

    def script(_head: str, connection: socket.socket) -> None:
        connection.sendall(payload)
        connection.shutdown(socket.SHUT_RDWR)

    return script


def field_of(head: str, name: str) -> str | None:
    lines = (line.partition(": ") for line in head.split("\r\n"))
    return next((value for key, _, value in lines if key.lower() == name), None)


def behind_digest(heads: list[str]) -> Callable[[str, socket.socket], None]:
    """A right phone: the status for the right password, on a connection kept alive."""

    def script(head: str, connection: socket.socket) -> None:
        heads.append(head)
        now = datetime.now(UTC)
        target = head.split(" ")[1]
        header = field_of(head, "authorization")
        if isinstance(check(header, "GET", target, PASSWORD, b"s", now, MAC), Accepted):
            connection.sendall(answer("200 OK", json.dumps(STATUS).encode()))
        else:
            values = [f"WWW-Authenticate: {value}" for value in challenge(b"s", now, MAC)]
            connection.sendall(answer("401 Unauthorized", b"no", *values))

    return script


def test_a_phone_behind_digest_is_read_with_the_source_of_each_fact(
    http_phone: Phone, flat_phone: Family
) -> None:
    heads: list[str] = []
    facts = read_http(http_phone(behind_digest(heads)), flat_phone, LOGIN)
    assert facts.vendor == "FLAT-PRO"
    assert (facts.product, facts.hardware, facts.firmware) == ("FP-B2", "A", "2.4.1")
    assert (facts.serial, facts.mac) == (SerialNumber("FP2648B2K7Q2XM6"), MAC)
    assert (facts.uptime_s, facts.last_reboot_reason) == (4711, "power")
    assert (facts.ip, facts.vlan, facts.poe_class) == ("192.0.2.7", 12, 2)
    assert (facts.mos, facts.loss_percent, facts.jitter_ms) == (4.2, 0.0, 3.5)
    assert facts.neighbour == "switch-3/7"
    assert facts.lines == (LineFacts("101", "sip.example", "registered"),)
    assert facts.sources["vlan"] == "http /api/v1/status#/network/vlan"
    assert len(heads) == 2


def test_a_password_is_shown_to_nobody_before_the_challenge(
    http_phone: Phone, flat_phone: Family
) -> None:
    heads: list[str] = []
    for _ in range(2):
        read_http(http_phone(behind_digest(heads)), flat_phone, LOGIN)
    assert [field_of(head, "authorization") is None for head in heads] == [True, False] * 2
    assert PASSWORD not in "".join(heads)


def test_a_wrong_password_is_tried_once_and_told(http_phone: Phone, flat_phone: Family) -> None:
    heads: list[str] = []
    with pytest.raises(AccessDeniedError) as refused:
        read_http(http_phone(behind_digest(heads)), flat_phone, Login(MAC.hex, "wrong"))
    assert len(heads) == 2
    assert refused.value.text("ru") != refused.value.text("en")


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_page_that_needs_a_password_is_not_read_without_one(
    http_phone: Phone, flat_phone: Family, status: str
) -> None:
    with pytest.raises(AccessDeniedError):
        read_http(http_phone(send(answer(status))), flat_phone, None)


def test_basic_is_never_answered(http_phone: Phone, flat_phone: Family) -> None:
    heads: list[str] = []

    def basic(head: str, connection: socket.socket) -> None:
        heads.append(head)
        connection.sendall(answer("401 No", b"", 'WWW-Authenticate: Basic realm="x"'))

    with pytest.raises(AccessDeniedError):
        read_http(http_phone(basic), flat_phone, LOGIN)
    assert len(heads) == 1


def test_a_redirect_is_not_followed(http_phone: Phone, flat_phone: Family) -> None:
    visited: list[str] = []

    def canary(head: str, connection: socket.socket) -> None:
        visited.append(head)
        connection.sendall(answer("200 OK", json.dumps(STATUS).encode()))

    other = http_phone(canary)
    away = answer("302 Found", b"", f"Location: http://127.0.0.1:{other.port}/api/v1/status")
    with pytest.raises(UnexpectedAnswerError, match="status 302"):
        read_http(http_phone(send(away)), flat_phone, LOGIN)
    assert visited == []


def places_to_lure_us_to(port: int) -> list[str]:
    """One and the same listener, spelled in all ways, and others of the inside."""
    hosts = [
        *(
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "017700000001",
        ),
        *("0177.0.0.1", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "0", "0.0.0.0"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]"),
        *(
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "127.0.0.1%00",
            "user@127.0.0.1",
            "127.0.0.1#@x",
            "x@127.0.0.1",
        ),
    ]
    urls = [f"{scheme}://{host}:{port}/" for scheme in ("http", "HTTP", "https") for host in hosts]
    odd = [
        *(f"//127.0.0.1:{port}/", f"/\\127.0.0.1:{port}/", f"\\\\127.0.0.1:{port}\\"),
        *(f"http:127.0.0.1:{port}/", f"http:/127.0.0.1:{port}/", f" http://127.0.0.1:{port}/"),
        *("file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/_x", "dict://127.0.0.1/x"),
        *("http://169.254.169.254/latest/", "jar:http://127.0.0.1!/", "ldap://127.0.0.1/"),
        *("/", "?", "..", "", "javascript:alert(1)", "data:text/plain,x", "http://", "http://["),
    ]
    return urls + odd


@pytest.mark.parametrize(
    "status",
    [
        "302 Found",
        pytest.param("301 Moved Permanently", marks=pytest.mark.prove),
        pytest.param("307 Temporary Redirect", marks=pytest.mark.prove),
    ],
)
def test_proof_h6_no_redirect_leads_anywhere(
    http_phone: Phone, flat_phone: Family, status: str
) -> None:
    visited: list[str] = []
    canary = http_phone(lambda head, _connection: visited.append(head))
    lures = places_to_lure_us_to(canary.port)
    for lure in lures:
        away = answer(status, b"", f"Location: {lure}", f"Refresh: 0; url={lure}")
        phone = http_phone(send(away.encode() if isinstance(away, str) else away))
        with pytest.raises((UnexpectedAnswerError, UnreachableError)):
            read_http(phone, flat_phone, LOGIN)
    print(f"H6: {len(lures)} redirects with {status}, {len(visited)} followed")  # noqa: T201
    assert visited == []


def test_our_own_proxy_and_password_file_are_not_used(
    http_phone: Phone, flat_phone: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads: list[str] = []
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password mine")
    monkeypatch.setitem(os.environ, "HOME", str(tmp_path))
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setitem(os.environ, "NO_PROXY", "")
    read_http(http_phone(behind_digest(heads)), flat_phone, LOGIN)
    assert field_of(heads[0], "authorization") is None
    assert field_of(heads[0], "accept-encoding") == "identity"


def forever(payload: bytes, pause_s: float = 0) -> Callable[[str, socket.socket], None]:
    def script(_head: str, connection: socket.socket) -> None:
        while True:
            connection.sendall(payload)
            time.sleep(pause_s)

    return script


def begun(head: bytes, rest: Callable[[str, socket.socket], None]) -> Callable[..., None]:
    def script(request: str, connection: socket.socket) -> None:
        connection.sendall(head)
        rest(request, connection)

    return script


OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {
    "a body without end": begun(OK + b"\r\n", forever(b"x" * 65536)),
    "chunks without end": begun(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", forever(b"fff\r\n" + b"x" * 4095 + b"\r\n")
    ),
    "headers without end": begun(OK, forever(b"X-" + b"x" * 60000 + b": y\r\n")),
    "continue without end": forever(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "a refusal without end": begun(
        b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="y"\r\n\r\n',
        forever(b"x" * 65536),
    ),
    "a large page": send(answer("200 OK", b" " * (BYTES_MAX + 1))),
}


@pytest.mark.parametrize("phone", ENDLESS)
def test_no_phone_sends_more_than_it_may(
    http_phone: Phone, flat_phone: Family, phone: str, leeway: float
) -> None:
    start = time.monotonic()
    with pytest.raises(UnexpectedAnswerError, match="too large"):
        read_http(http_phone(ENDLESS[phone]), flat_phone, LOGIN)
    assert time.monotonic() - start < 5 * leeway


SLOW = {
    "one byte now and then": begun(OK + b"\r\n", forever(b"x", 0.05)),
    "headers letter by letter": begun(OK + b"X: ", forever(b"x", 0.05)),
    "a status line that never ends": forever(b"H", 0.05),
    "a refusal drop by drop": begun(
        b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="y"\r\n\r\n',
        forever(b"x", 0.05),
    ),
}


@pytest.mark.parametrize("phone", SLOW)
def test_no_phone_holds_us_longer_than_it_may(
    http_phone: Phone, flat_phone: Family, phone: str, leeway: float
) -> None:
    start = time.monotonic()
    with pytest.raises(UnexpectedAnswerError, match="takes too long"):
        read_http(http_phone(SLOW[phone]), flat_phone, LOGIN, timeout_s=5, wall_clock_s=0.5)
    assert time.monotonic() - start < 3 * leeway


def test_a_second_request_does_not_lengthen_the_leash(
    http_phone: Phone, flat_phone: Family
) -> None:
    refusal = answer(
        "401 No", b"", 'WWW-Authenticate: Digest realm="x", nonce="y"', "Connection: close"
    )

    def slow(head: str, connection: socket.socket) -> None:
        time.sleep(0.25)
        send(refusal)(head, connection)

    with pytest.raises(UnexpectedAnswerError, match="takes too long"):
        read_http(http_phone(slow), flat_phone, LOGIN, timeout_s=5, wall_clock_s=0.4)


def test_a_silent_phone_is_unreachable(http_phone: Phone, flat_phone: Family) -> None:
    silent = http_phone(lambda *_: time.sleep(0.5))
    with pytest.raises(UnreachableError, match="no answer"):
        read_http(silent, flat_phone, LOGIN, timeout_s=0.2)


def test_a_closed_port_is_unreachable(flat_phone: Family) -> None:
    with pytest.raises(UnreachableError, match="not accepted"):
        read_http(Target(IPv4Address("127.0.0.1"), free_port()), flat_phone, LOGIN)


def test_a_port_that_takes_no_connection_is_unreachable(flat_phone: Family) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(full.getsockname())
        target = Target(IPv4Address("127.0.0.1"), full.getsockname()[1])
        with pytest.raises(UnreachableError, match="no answer"):
            read_http(target, flat_phone, LOGIN, timeout_s=0.2)


BOMB = gzip.compress(b"\x00" * 10_000_000)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
@pytest.mark.parametrize(
    "status",
    ["200 OK", '401 No\r\nWWW-Authenticate: Digest realm="x", nonce="y", qop="auth"'],
)
def test_nothing_is_ever_inflated(
    http_phone: Phone, flat_phone: Family, encoding: str, status: str
) -> None:
    bomb = answer(status, BOMB, f"Content-Encoding: {encoding}")
    with pytest.raises(UnexpectedAnswerError, match="compressed"):
        read_http(http_phone(send(bomb)), flat_phone, LOGIN)


NONSENSE = {
    "no HTTP": b"SSH-2.0-dropbear\r\n",
    "nothing": b"",
    "half a page": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}",
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    "no JSON": answer("200 OK", b"<html>"),
    "half a JSON": answer("200 OK", b'{"model": '),
    "not UTF-8": answer("200 OK", b'{"model": "\xff"}'),
    "a deep JSON": answer("200 OK", b"[" * 100_000),
    "a huge number": answer("200 OK", b'{"uptime_s": ' + b"9" * 10_000 + b"}"),
    "a list": answer("200 OK", b'["FP-B2"]'),
    "a text": answer("200 OK", b'"FP-B2"'),
    "an empty object": answer("200 OK", b"{}"),
    "values of the wrong kind": answer("200 OK", b'{"model": {"a": 1}, "mac": true, "lines": {}}'),
    "a server's fault": answer("500 Oops"),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a challenge without a nonce": answer("401 No", b"", 'WWW-Authenticate: Digest realm="x"'),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_unexpected_and_nothing_else(
    http_phone: Phone, flat_phone: Family, nonsense: str
) -> None:
    with pytest.raises(UnexpectedAnswerError) as told:
        read_http(http_phone(send(NONSENSE[nonsense])), flat_phone, LOGIN)
    assert told.value.text("ru") != told.value.text("en")


def test_a_page_that_tells_little_is_read_for_that(http_phone: Phone, flat_phone: Family) -> None:
    page = answer("200 OK", b'{"model": "FP-B2", "serial": "", "mac": null, "uptime_s": NaN}')
    facts = read_http(http_phone(send(page)), flat_phone, None)
    assert facts.told == {"product": "FP-B2", "vendor": "FLAT-PRO"}
    assert facts.refused == {"uptime_s": "nan"}


def test_a_family_without_lines_or_http(http_phone: Phone, flat_phone: Family) -> None:
    assert flat_phone.http is not None
    pages = (replace(flat_phone.http.pages[0], lines_at=None),)
    family = replace(flat_phone, http=replace(flat_phone.http, pages=pages))
    page = answer("200 OK", json.dumps(STATUS).encode())
    assert read_http(http_phone(send(page)), family, None).lines is None
    with pytest.raises(UnreadableWayError, match="flat_phone"):
        read_http(Target(IPv4Address("127.0.0.1")), replace(family, http=None), None)


def test_a_password_is_in_no_printed_form() -> None:
    assert PASSWORD not in repr(LOGIN)


DOCUMENT: Any = {"a": [{"b/c": 1}, [2, 3]], "~": {"": 4}, "5": 6}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/a/0/b~1c", 1),
        ("/a/1/1", 3),
        ("/~0/", 4),
        ("/5", 6),
        ("/a/7", None),
        ("/a/-1", None),
        ("/a/x", None),
        ("/a/²", None),
        ("/5/x", None),
        ("/none", None),
    ],
)
def test_a_pointer_points_as_rfc_6901_says(pointer: str, value: object) -> None:
    assert point(DOCUMENT, pointer) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), (7, "7"), (7.0, "7"), (7.5, "7.5"), (True, None), (None, None), ([1], None)],
)
def test_only_texts_and_numbers_are_values(value: Any, text: str | None) -> None:
    assert scalar(value) == text
