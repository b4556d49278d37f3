"""The socket that requests come to: each with its sender and the address that it was sent to."""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from storage.refusals import UnavailableError

#: One more than a request may have, so that a longer one is seen to be longer.
_READ_BYTES = 2048
#: Taken in one go, before transfers get their turn again.
_AT_ONCE = 64
#: Linux, ip(7): struct in_pktinfo has the interface, our own address, the address in the header.
_IP_PKTINFO = 8
_PACKET_INFO = struct.Struct("=I4s4s")


class NotListeningError(UnavailableError):
    code = "tftp-not-listening"
    ru = "TFTP не слушает {place}: {reason}. Проверьте FLATPRO_TFTP; порты до 1024 требуют прав."
    en = "TFTP cannot listen on {place}: {reason}. See FLATPRO_TFTP; ports below 1024 need rights."


@dataclass(frozen=True)
class Arrived:
    """A datagram to one of our addresses: what is sent to all hosts of a net is never one."""

    datagram: bytes
    sender: tuple[str, int]
    ours: str


def listen(host: IPv4Address, port: int) -> socket.socket:
    """A socket bound there; raises NotListeningError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.bind((str(host), port))
    except OSError as error:
        listener.close()
        raise NotListeningError(place=f"{host}:{port}", reason=error.strerror) from error
    listener.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    listener.settimeout(0)
    return listener


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


def towards(peer: tuple[str, int], ours: str) -> socket.socket:
    """A socket of its own for one peer: the kernel keeps everybody else's datagrams away."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.bind((ours, 0))
        made.connect(peer)
        made.settimeout(0)
    except OSError:
        made.close()
        raise
    return made


def _our_address(extra: list[tuple[int, int, bytes]]) -> str | None:
    for level, kind, value in extra:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            _interface, ours, destination = _PACKET_INFO.unpack(value[: _PACKET_INFO.size])
            return socket.inet_ntoa(ours) if ours == destination else None
    return None
