"""What is one request and what is none, whatever pieces it comes in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.phone_listener.request_head import (
    HEAD_BYTES_MAX,
    HEADERS_MAX,
    BadHead,
    Head,
    read_head,
)

GET = b"GET /p/x.cfg HTTP/1.1\r\n"


def head(raw: bytes) -> Head:
    found = read_head(raw)
    assert isinstance(found, Head), found
    return found


def test_a_request_is_read_as_it_was_sent() -> None:
    raw = b"GET /p/%41//b?c=d HTTP/1.1\r\nHost: a\r\nUser-Agent:  \xd0\x9f hone \r\n\r\nmore"
    found = head(raw)
    assert (found.method, found.target, found.minor) == ("GET", "/p/%41//b?c=d", 1)
    assert found.headers == {"host": "a", "user-agent": "\xd0\x9f hone"}
    assert raw[found.size :] == b"more"
    assert not found.has_body


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [
        ("1.1", "", True),
        ("1.1", "Connection: close\r\n", False),
        ("1.1", "Connection: x, CLOSE\r\n", False),
        ("1.0", "", False),
        ("1.0", "Connection: Keep-Alive\r\n", True),
        ("1.0", "Connection: keep-alive, close\r\n", False),
        ("1.9", "", True),
    ],
)
def test_a_connection_goes_on_as_its_version_and_words_say(
    version: str, connection: str, *, keeps: bool
) -> None:
    assert head(f"GET / HTTP/{version}\r\n{connection}\r\n".encode()).keeps_alive is keeps


@pytest.mark.parametrize(
    "target", ["/", "*", "http://any.host.example/p/x", "/p/\xff\xfe", "//p///x", "/p/%00", "?"]
)
def test_odd_targets_are_left_to_those_who_read_them(target: str) -> None:
    assert head(f"GET {target} HTTP/1.0\r\n\r\n".encode("latin-1")).target == target


def test_a_name_with_a_dash_below_passes_for_no_other() -> None:
    assert head(GET + b"X_Client_Cert: x\r\nA-B: 1\r\nA-B: 2\r\n\r\n").headers == {"a-b": "1, 2"}


@pytest.mark.parametrize(
    ("lines", "body_bytes"),
    [
        (b"Content-Length: 0\r\n", 0),
        (b"Content-Length: 17\r\n", 17),
        (b"Transfer-Encoding: Chunked\r\n", None),
    ],
)
def test_a_body_has_one_end(lines: bytes, body_bytes: int | None) -> None:
    assert head(GET + lines + b"\r\n").body_bytes == body_bytes


REFUSED = {
    "a space before the colon": (GET + b"Host : x\r\n\r\n", 400),
    "a folded line": (GET + b"A: b\r\n c\r\n\r\n", 400),
    "a line without a colon": (GET + b"Host\r\n\r\n", 400),
    "no name": (GET + b": x\r\n\r\n", 400),
    "a bare line feed": (GET + b"A: b\nB: c\r\n\r\n", 400),
    "a bare line feed at once": (b"GET / HTTP/1.0\n\n", 400),
    "a bare return": (GET + b"A: b\rB: c\r\n\r\n", 400),
    "a zero byte": (GET + b"A: b\0\r\n\r\n", 400),
    "a control character": (GET + b"A: \x1b[0m\r\n\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\n\r\n", 400),
    "a tab in the target": (b"GET /\tx HTTP/1.1\r\n\r\n", 400),
    "a space in the target": (b"GET /a b HTTP/1.1\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "a small http": (b"GET / http/1.1\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x00\xa5\x01", 400),
    "a long method": (b"G" * 33 + b" / HTTP/1.1\r\n\r\n", 400),
    "two lengths": (GET + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    "a list of lengths": (GET + b"Content-Length: 1, 1\r\n\r\n", 400),
    "a signed length": (GET + b"Content-Length: +1\r\n\r\n", 400),
    "an empty length": (GET + b"Content-Length:\r\n\r\n", 400),
    "another digit": (GET + b"Content-Length: \xb2\r\n\r\n", 400),
    "an endless length": (GET + b"Content-Length: " + b"9" * 16 + b"\r\n\r\n", 400),
    "two hosts": (GET + b"Host: a\r\nHost: b\r\n\r\n", 400),
    "two codings": (GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 400),
    "a list of codings": (GET + b"Transfer-Encoding: identity, chunked\r\n\r\n", 501),
    "an odd coding": (GET + b"Transfer-Encoding: xchunked\r\n\r\n", 501),
    "an empty coding": (GET + b"Transfer-Encoding:\r\n\r\n", 501),
    "both": (GET + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
    "chunks in 1.0": (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "another expectation": (GET + b"Expect: wonders\r\n\r\n", 417),
    "too many lines": (GET + b"A: b\r\n" * (HEADERS_MAX + 1) + b"\r\n", 431),
    "too long": (GET + b"A: " + b"b" * HEAD_BYTES_MAX, 431),
    "too long, with an end": (GET + b"A: " + b"b" * HEAD_BYTES_MAX + b"\r\n\r\n", 431),
    "blank lines": (b"\r\n" * 5 + GET, 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(name: str) -> None:
    raw, status = REFUSED[name]
    assert read_head(raw) == BadHead(status)


@pytest.mark.parametrize("raw", [b"", b"\r", b"\r\n", b"G", GET, GET + b"\r", GET + b"A: b\r\n\r"])
def test_what_is_not_whole_yet_is_waited_for(raw: bytes) -> None:
    assert read_head(raw) is None


PIECES = st.sampled_from(
    [
        b"GET ", b"PUT ", b"/p/x", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\r", b"\n", b" ", b":",
        b"Host: x\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"\0", b"\xff",
        b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"A_B: c\r\n", b"abc", GET,
    ]
)  # fmt: skip
RAW = st.one_of(st.binary(max_size=80), st.lists(PIECES, max_size=14).map(b"".join))


@settings(max_examples=400, deadline=None)
@given(raw=RAW, at=st.integers(0, 120))
def test_more_bytes_change_nothing_that_was_told(raw: bytes, at: int) -> None:
    before, whole = read_head(raw[:at]), read_head(raw)
    assert before is None or before == whole
    if isinstance(whole, Head):
        assert whole.size <= len(raw)
        assert read_head(raw[: whole.size - 1]) is None
