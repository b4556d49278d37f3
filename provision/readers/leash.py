"""A requests adapter for servers that may be hostile: one leash for a whole visit.

Timeouts of requests bound gaps, not the total, and its limits begin behind the headers. Here the
socket itself counts: status lines, headers, refusals and body together get so many bytes and so
many seconds.
"""

import hashlib
import socket
import ssl
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class LeashError(Exception):
    """The visit is over: too many bytes, too many seconds, or something never to be read."""


class TooLongError(LeashError):
    pass


class TooLargeError(LeashError):
    pass


class CompressedError(LeashError):
    pass


class OtherCertificateError(LeashError):
    """The certificate is not the pinned one; `fingerprint` is its SHA-256."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(fingerprint)
        self.fingerprint = fingerprint


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
        return _received(self, self.leash, partial(super().recv_into, *args, **kwargs))


class _LeashedTlsSocket(ssl.SSLSocket):
    """As _LeashedSocket, behind TLS: what is counted is what the phone says inside it."""

    leash: Leash

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        return _received(self, self.leash, partial(super().recv_into, *args, **kwargs))


def _received(connection: socket.socket, leash: Leash, receive: Callable[[], int]) -> int:
    """Receive within the connection's own timeout and the rest of the leash; how many bytes."""
    gap = connection.gettimeout()
    left = leash.seconds_left()
    connection.settimeout(left if gap is None else min(gap, left))
    try:
        size = receive()
    except TimeoutError:
        leash.seconds_left()
        raise
    finally:
        connection.settimeout(gap)
    leash.take(size)
    return size


def tls_context(*, old: bool) -> ssl.SSLContext:
    """For phones, whose certificates are their own: the fingerprint is compared instead."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.sslsocket_class = _LeashedTlsSocket
    if old:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            # TLS 1.0 is what a family file asked for, knowing that it is old.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
    return context


class _PinnedConnection(HTTPSConnection):
    """TLS to one certificate: another one, or an unknown one, gets not a byte of a request."""

    def __init__(self, *args: Any, leash: Leash, pinned: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leash = leash
        self._pinned = pinned

    def connect(self) -> None:
        left = self._leash.seconds_left()
        self.timeout = min(self.timeout, left) if isinstance(self.timeout, int | float) else left
        super().connect()
        connected = self.sock
        assert isinstance(connected, _LeashedTlsSocket), "the context makes no other sockets"
        connected.leash = self._leash
        shown = hashlib.sha256(connected.getpeercert(binary_form=True) or b"").hexdigest()
        if shown != self._pinned:
            self.close()
            raise OtherCertificateError(shown)
        self.is_verified = True


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
    """HTTP on one leash; a compressed answer is refused before anything inflates it.

    `pinned` is the fingerprint (SHA-256, hex) of the only certificate that is spoken to.
    """

    def __init__(self, leash: Leash, pinned: str | None = None, *, old_tls: bool = False) -> None:
        self._leash = leash
        self._pinned = pinned
        self._old_tls = old_tls
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = tls_context(old=self._old_tls)
        super().init_poolmanager(*args, **kwargs, ssl_context=context)
        plain = partial(_LeashedConnection, leash=self._leash)
        pinned = partial(_PinnedConnection, leash=self._leash, pinned=self._pinned)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("LeashedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("PinnedPool", (HTTPSConnectionPool,), {"ConnectionCls": pinned}),
        }

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        # requests' Digest reads the body of a 401 to its end, inflating it on the way.
        if resp.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            resp.close()
            raise CompressedError
        return super().build_response(req, resp)
