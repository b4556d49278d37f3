"""The words of an answer: its first line and headers, and the phone plane's short refusals."""

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import cache, lru_cache
from http import HTTPStatus

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
RETRY_AFTER_S = 60
#: These are the listener's to say, whatever the views say.
_OURS = frozenset({"connection", "keep-alive", "transfer-encoding", "date"})


def head(minor: int, status: int, headers: bytes, *, keeps_alive: bool) -> bytes:
    """All that comes before the body; `headers` are whole lines."""
    return b"%b%b%b" % (
        _first_lines(minor, status, keeps_alive),
        headers,
        _date_line(int(time.time())),
    )


def head_of_views(
    minor: int, status: int, headers: Iterable[tuple[str, str]], *, keeps_alive: bool
) -> bytes:
    """All that comes before the body of an answer of the views."""
    told = lines(pair for pair in headers if pair[0].lower() not in _OURS)
    return head(minor, status, told, keeps_alive=keeps_alive)


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
def _first_lines(minor: int, status: int, keeps_alive: bool) -> bytes:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = ""
    # Only HTTP/1.1 keeps a connection without a word.
    word = "" if keeps_alive and minor else "keep-alive" if keeps_alive else "close"
    connection = f"Connection: {word}\r\n" if word else ""
    return f"HTTP/1.{minor} {status} {reason}\r\n{connection}".encode("latin-1")


@lru_cache(maxsize=2)
def _date_line(second: int) -> bytes:
    """The last of the headers, and the line that ends them."""
    return f"Date: {formatdate(second, usegmt=True)}\r\n\r\n".encode()
