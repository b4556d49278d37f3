"""Whose word on the client counts: only proxies that the settings list.

X-Forwarded-For is read from its right end, past each trusted proxy; without a trusted peer it is
ignored. What only a proxy that ended TLS can know of a client's certificate is taken away, unless
a trusted peer sent it, before anything reads it. X-Forwarded-Host is never read: links are made
from FLATPRO_PUBLIC_URL alone.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from flask import Flask

from portal.settings import Network

Environ = dict[str, Any]
_CERTIFICATE = ("HTTP_X_CLIENT_VERIFY", "HTTP_X_CLIENT_DN", "HTTP_X_CLIENT_CERT")


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The address of the client behind the trusted proxies; `peer` when it is not one of them."""
    address = peer
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and is_trusted(address, trusted):
        address = hops.pop()
    return address if _is_address(address) else peer


def init_app(app: Flask, trusted: Sequence[Network]) -> None:
    """Put the client's checked address into REMOTE_ADDR before anything reads it."""
    inner = app.wsgi_app

    def behind_proxies(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        peer = environ.get("REMOTE_ADDR", "")
        if not is_trusted(peer, trusted):
            for name in _CERTIFICATE:
                environ.pop(name, None)
        forwarded_for = environ.get("HTTP_X_FORWARDED_FOR", "")
        environ["REMOTE_ADDR"] = client_address(peer, forwarded_for, trusted)
        return inner(environ, start_response)

    app.wsgi_app = behind_proxies  # type: ignore[method-assign]  # Flask's own way


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether it is one of the proxies that the settings list."""
    if not trusted:
        return False
    read = _read(address)
    return read is not None and any(read in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        # As strict as `ip_address` and many times cheaper: most are of this kind.
        socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return _read(text) is not None
    return True


@lru_cache(maxsize=1024)
def _read(text: str) -> IPv4Address | IPv6Address | None:
    """Remembered, as every request behind a proxy asks for the proxy's own."""
    try:
        return ip_address(text)
    except ValueError:
        return None
