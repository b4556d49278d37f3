"""Where reads may go, so that the server is no one's way into places that it alone can reach.

A name is resolved once and the address found is the one that is read; redirects are nobody's.
"""

import re
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Network

from provision.readers.errors import (
    NotAllowedError,
    Phrase,
    RangeNotAllowedError,
    UnreachableError,
)

# Places where no phone lives, but the server itself, its neighbours' multicast or a cloud's
# metadata do. Only a listed network that lies inside one of them opens it: 0.0.0.0/0 does not.
_SPECIAL = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.100.100.200/32",
        "192.0.0.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)

Networks = Collection[IPv4Network | IPv6Network]


@dataclass(frozen=True)
class Target:
    """A phone to read: the pinned address, and a port where it is not its family's."""

    address: IPv4Address
    port: int | None = None


@dataclass(frozen=True)
class ReadOptions:
    """The networks that phones are read in; devices of our records may be read elsewhere too."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()


def _resolve(name: str) -> str:
    """The first IPv4 address of a host name; OSError when there is none."""
    return str(socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0])


def allowed(
    host: str,
    networks: Networks,
    known: Collection[IPv4Address] = (),
    resolve: Callable[[str], str] = _resolve,
) -> IPv4Address:
    """The one address that `host` (an address or a name) stands for, if reads may go there.

    That is: it is in a listed network, or it is `known` from our records. Special addresses
    (loopback, link-local, multicast, metadata) need a listed network of their own kind.
    """
    address = _address(host.strip(), resolve)
    listed = [net for net in networks if isinstance(net, IPv4Network) and address in net]
    special = next((block for block in _SPECIAL if address in block), None)
    if special is not None and not any(net.subnet_of(special) for net in listed):
        reason = Phrase("служебный адрес, не телефонный", "a special address, not a phone's")
        raise NotAllowedError(address=host, reason=reason)
    if not listed and address not in known:
        reason = Phrase(
            "он не входит ни в разрешённые сети, ни в список телефонов",
            "it is neither in an allowed network nor among our devices",
        )
        raise NotAllowedError(address=host, reason=reason)
    return address


def allowed_range(network: IPv4Network, networks: Networks) -> IPv4Network:
    """`network`, if all of it may be swept: one listed network holds it whole."""
    listed = [net for net in networks if isinstance(net, IPv4Network) and network.subnet_of(net)]
    for block in _SPECIAL:
        if network.overlaps(block) and not any(net.subnet_of(block) for net in listed):
            reason = Phrase("в ней есть служебные адреса", "there are special addresses in it")
            raise RangeNotAllowedError(network=network, reason=reason)
    if not listed:
        reason = Phrase("её нет в разрешённых сетях", "no allowed network holds it")
        raise RangeNotAllowedError(network=network, reason=reason)
    return network


def _address(host: str, resolve: Callable[[str], str]) -> IPv4Address:
    try:
        return IPv4Address(host)
    except AddressValueError:
        pass
    if not _HOST_NAME.fullmatch(host):
        reason = Phrase("это не адрес IPv4 и не имя узла", "neither an IPv4 address nor a name")
        raise NotAllowedError(address=ascii(host[:60]), reason=reason)
    try:
        return IPv4Address(resolve(host))
    except OSError as error:
        reason = Phrase("имя не найдено", "the name is not found")
        raise UnreachableError(address=host, via="DNS", reason=reason) from error
