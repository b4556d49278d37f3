"""A requests adapter for servers that may be hostile: one leash for a whole visit.

Timeouts of requests bound gaps, not the total, and its limits begin behind the headers. Here the
socket itself counts: status lines, headers, refusals and body together get so many bytes and so
many seconds.
"""

import socket
import time
from functools import partial
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class LeashError(Exception):
    """The visit is over: too many bytes, too many seconds, or something never to be read."""


class TooLongError(LeashError):
    pass


class TooLargeError(LeashError):
    pass


class CompressedError(LeashError):
    pass


class Leash:
    """What is left of a visit: seconds on the wall clock, and bytes."""

    def __init__(self, seconds: float, size: int) -> None:
        self._end = time.monotonic() + seconds
        self._bytes_left = size

    def seconds_left(self) -> float:
        """More than nothing, or TooLongError."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TooLongError
        return left

    def take(self, size: int) -> None:
        """Count `size` bytes; TooLargeError when there were fewer left."""
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise TooLargeError


class _LeashedSocket(socket.socket):
    leash: Leash

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """As ever, but never past the end of the leash. All reading of http.client ends here."""
        gap = self.gettimeout()
        left = self.leash.seconds_left()
        self.settimeout(left if gap is None else min(gap, left))
        try:
            size = super().recv_into(*args, **kwargs)
        except TimeoutError:
            self.leash.seconds_left()
            raise
        finally:
            self.settimeout(gap)
        self.leash.take(size)
        return size


class _LeashedConnection(HTTPConnection):
    def __init__(self, *args: Any, leash: Leash, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leash = leash

    def connect(self) -> None:
        self._leash.seconds_left()
        super().connect()
        timeout = self.sock.gettimeout()
        leashed = _LeashedSocket(fileno=self.sock.detach())
        leashed.settimeout(timeout)
        leashed.leash = self._leash
        self.sock = leashed


class LeashedAdapter(HTTPAdapter):
    """Plain HTTP on one leash; a compressed answer is refused before anything inflates it."""

    def __init__(self, leash: Leash) -> None:
        self._leash = leash
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pool = type(
            "LeashedPool",
            (HTTPConnectionPool,),
            {"ConnectionCls": partial(_LeashedConnection, leash=self._leash)},
        )
        self.poolmanager.pool_classes_by_scheme = {"http": pool}

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        # requests' Digest reads the body of a 401 to its end, inflating it on the way.
        if resp.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            resp.close()
            raise CompressedError
        return super().build_response(req, resp)
