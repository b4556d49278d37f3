"""The sockets that requests come to: each with its sender and the address that it was sent to."""

import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from storage.refusals import UnavailableError

Address: TypeAlias = IPv4Address | IPv6Address
#: As the socket module has them: of IPv6 with the flow, and the interface of a link-local address.
Peer: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

#: One more than a request may have, so that a longer one is seen to be longer.
_READ_BYTES = 2048
#: Taken in one go, before transfers get their turn again.
_AT_ONCE = 64
#: Linux, ip(7): struct in_pktinfo has the interface, our own address, the address in the header.
_IP_PKTINFO = 8
_PACKET_INFO = struct.Struct("=I4s4s")
#: RFC 3542: struct in6_pktinfo has the address in the header, and the interface.
_PACKET_INFO_6 = struct.Struct("=16sI")


class NotListeningError(UnavailableError):
    code = "tftp-not-listening"
    ru = "TFTP не слушает {place}: {reason}. Проверьте FLATPRO_TFTP; порты до 1024 требуют прав."
    en = "TFTP cannot listen on {place}: {reason}. See FLATPRO_TFTP; ports below 1024 need rights."


@dataclass(frozen=True)
class Arrived:
    """A datagram to one of our addresses (`ours`): what is sent to many hosts is never one."""

    datagram: bytes
    sender: Peer
    ours: Peer

    @property
    def address(self) -> str:
        """The sender's address, without its port."""
        return self.sender[0]


def written(host: Address, port: int) -> str:
    """A place as people write it: an address of IPv6 in brackets."""
    return f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"


def listen(host: Address, port: int) -> Sequence[socket.socket]:
    """Sockets bound there; raises NotListeningError.

    `::` is every address of both kinds. Each kind has a socket of its own: one for both cannot
    tell a request to a broadcast address of IPv4 from one to us.
    """
    found = [_bound(host, port)]
    if host == IPv6Address("::"):
        try:
            found.append(_bound(IPv4Address(0), found[0].getsockname()[1]))
        except NotListeningError:
            found[0].close()
            raise
    return found


def arrived(listener: socket.socket) -> Iterator[Arrived]:
    """What waits, up to a bound."""
    for _ in range(_AT_ONCE):
        try:
            datagram, extra, _flags, sender = listener.recvmsg(_READ_BYTES, 128)
        except OSError:
            return
        ours = _our_address(extra)
        # RFC 1123, 4.2.3.4: a request to a broadcast address is not answered.
        if ours is not None:
            yield Arrived(datagram, sender, ours)


def towards(peer: Peer, ours: Peer) -> socket.socket:
    """A socket of its own for one peer: the kernel keeps everybody else's datagrams away."""
    family = socket.AF_INET if len(ours) == 2 else socket.AF_INET6
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.bind(ours)
        made.connect(peer)
        made.settimeout(0)
    except OSError:
        made.close()
        raise
    return made


def _bound(host: Address, port: int) -> socket.socket:
    six = host.version == 6
    listener = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if six:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            listener.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        listener.bind((str(host), port))
    except OSError as error:
        listener.close()
        raise NotListeningError(place=written(host, port), reason=error.strerror) from error
    listener.settimeout(0)
    return listener


def _our_address(extra: list[tuple[int, int, bytes]]) -> Peer | None:
    for level, kind, value in extra:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            _interface, ours, destination = _PACKET_INFO.unpack(value[: _PACKET_INFO.size])
            return (socket.inet_ntoa(ours), 0) if ours == destination else None
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            packed, interface = _PACKET_INFO_6.unpack(value[: _PACKET_INFO_6.size])
            one = IPv6Address(packed)
            # Only of a link-local address the interface is a part.
            scope = interface if one.is_link_local else 0
            return None if one.is_multicast else (str(one), 0, 0, scope)
    return None
