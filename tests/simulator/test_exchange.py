"""The phone's HTTP client against servers that say exactly these bytes."""

import asyncio

import pytest

from simulator.exchange import (
    BusyError,
    Caller,
    Head,
    Place,
    Reply,
    UnexpectedAnswerError,
    UnreachableError,
    UrlError,
    expect,
    fetch,
    place_of,
)

CALLER = Caller("FlatPhone/1")


def answered(raw: bytes, caller: Caller = CALLER, *, hold: bool = False) -> tuple[Reply, bytes]:
    """What a phone makes of an answer of these bytes, and what it had asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(raw)
        if hold:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    async def ask() -> Reply:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await fetch(caller, f"http://127.0.0.1:{port}/x?y=1", {"A": "b"}, limit=100)

    return asyncio.run(ask()), asked[0]


def test_a_request_is_plain_http_with_a_host_and_ends_the_connection() -> None:
    reply, asked = answered(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: "1"\r\n\r\nok')
    assert reply.body == b"ok"
    assert reply.head.first("etag") == '"1"'
    lines = asked.decode().split("\r\n")
    assert lines[0] == "GET /x?y=1 HTTP/1.1"
    assert lines[1].startswith("Host: 127.0.0.1:")
    assert {"User-Agent: FlatPhone/1", "Connection: close", "A: b"} <= set(lines)


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
        (
            b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            b"abcde",
        ),
    ],
)
def test_the_body_ends_where_the_head_says(raw: bytes, body: bytes) -> None:
    assert answered(raw)[0].body == body


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab",
    ],
)
def test_an_answer_that_ends_early_may_come_later(raw: bytes) -> None:
    with pytest.raises(UnreachableError):
        answered(raw)


def test_silence_is_borne_for_a_while_only() -> None:
    hasty = Caller("FlatPhone/1", patience_s=0.2)
    with pytest.raises(UnreachableError, match=r"within 0\.2 s"):
        answered(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", hasty, hold=True)


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101,
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(UnexpectedAnswerError):
        answered(raw)


def test_a_server_that_is_not_there_may_come_later() -> None:
    with pytest.raises(UnreachableError):
        asyncio.run(fetch(CALLER, "http://127.0.0.1:1/", {}, limit=1))


def test_statuses_are_fine_busy_or_refused() -> None:
    expect(Head(206, ()), "u", 200, 206)
    for status in (429, 500, 503, 507):
        with pytest.raises(BusyError):
            expect(Head(status, ()), "u", 200)
    for status in (204, 301, 404):
        with pytest.raises(UnexpectedAnswerError):
            expect(Head(status, ()), "u", 200)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/p/x",
        "https://h/",
        "http://",
        "http://h:x/",
        "http://h/a b",
        "http://h/\r\nX:",
        "http://h/é",
    ],
)
def test_only_absolute_http_addresses_are_asked(url: str) -> None:
    with pytest.raises(UrlError):
        place_of(url)


def test_an_address_is_taken_apart() -> None:
    assert place_of("http://h") == Place("h", 80, "/")
    assert place_of("http://h").authority == "h"
    assert place_of("http://[::1]:81/a?b").authority == "[::1]:81"
