"""The words of an answer: its first line and headers, and the phone plane's short refusals."""

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import cache, lru_cache
from http import HTTPStatus

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
RETRY_AFTER_S = 60


def head(minor: int, status: int, headers: bytes, *, keeps_alive: bool) -> bytes:
    """All that comes before the body; `headers` are whole lines."""
    return b"%b%b%bDate: %b\r\n\r\n" % (
        _first_line(minor, status),
        headers,
        _connection(minor, keeps_alive=keeps_alive),
        _date(int(time.time())),
    )


def lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Headers as they go out. One with a line end in it would be two: it is left out."""
    told = (f"{name}: {value}\r\n" for name, value in headers if not {"\r", "\n"} & {*name, *value})
    return "".join(told).encode("latin-1")


def refusal(minor: int, status: int) -> bytes:
    """The phone plane's own way to refuse, whole: the number and nothing else."""
    body = f"{status}\n".encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "private, no-store"),
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", str(RETRY_AFTER_S)))
    return head(minor, status, lines(headers), keeps_alive=False) + body


@cache
def _first_line(minor: int, status: int) -> bytes:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = ""
    return f"HTTP/1.{minor} {status} {reason}\r\n".encode("latin-1")


@cache
def _connection(minor: int, *, keeps_alive: bool) -> bytes:
    if not keeps_alive:
        return b"Connection: close\r\n"
    # Only HTTP/1.1 keeps it without a word.
    return b"" if minor else b"Connection: keep-alive\r\n"


@lru_cache(maxsize=2)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()
