"""A street of phones on loopback: one socket that answers for every address of 127/8."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto.api import v2c

from provision.readers.networks import ReadOptions
from storage.installation import Installation
from tests.provision import estate as estates

_IP_PKTINFO = 8
_BIND_TO_DEVICE = 25


@dataclass
class Street:
    """Who lives where; `asked` counts the questions that each address got.

    An address is `deaf` to its first questions; one that `moved` answers from another address.
    """

    port: int
    houses: dict[str, dict[str, object]] = field(default_factory=dict)
    spoil: dict[str, Callable[[bytes], list[bytes]]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    deaf: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    gone: bool = False

    def phone(self, address: str, serial: str, mac: str, firmware: str = "2.4.1") -> None:
        """Put a phone with our MIB there."""
        branch = "1.3.6.1.4.1.32473.1"
        self.houses[address] = {
            f"{branch}.1.0": v2c.OctetString("FP-B2"),
            f"{branch}.3.0": v2c.OctetString(serial),
            f"{branch}.4.0": v2c.OctetString(mac),
            f"{branch}.5.0": v2c.OctetString(firmware),
        }

    def answers(self, address: str, datagram: bytes) -> list[bytes]:
        self.asked[address] = self.asked.get(address, 0) + 1
        if address not in self.houses or self.asked[address] <= self.deaf.get(address, 0):
            return []
        message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        response = v2c.apiPDU.get_response(pdu)
        known = self.houses[address]
        v2c.apiPDU.set_varbinds(
            response,
            [
                (oid, known.get(str(oid), v2c.NoSuchObject("")))
                for oid, _ in v2c.apiPDU.get_varbinds(pdu)
            ],
        )
        v2c.apiMessage.set_pdu(message, response)
        good = bytes(encoder.encode(message))
        return self.spoil.get(address, lambda one: [one])(good)


@pytest.fixture
def ours(installation: Installation) -> Installation:
    """The estate, which may read 127.0.88.0/22."""
    estates.build(installation)
    options = {
        **installation.options,
        ReadOptions: ReadOptions(networks=(IPv4Network("127.0.88.0/22"),)),
    }
    return replace(installation, options=options)


@pytest.fixture
def street() -> Iterator[Street]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, _BIND_TO_DEVICE, b"lo")
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind(("", 0))
        made = Street(sock.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(sock, made))
        thread.start()
        yield made
        made.gone = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", made.port))
        thread.join()


def _serve(sock: socket.socket, street: Street) -> None:
    while True:
        datagram, control, _, peer = sock.recvmsg(65535, 256)
        if street.gone:
            return
        _index, _local, destination = struct.unpack("=I4s4s", control[0][2][:12])
        address = str(IPv4Address(destination))
        sender = IPv4Address(street.moved.get(address, address)).packed
        source = struct.pack("=I4s4s", 0, sender, sender)
        try:
            replies = street.answers(address, datagram)
        except PyAsn1Error:
            continue  # not for us: somebody else's late answer
        for reply in replies:
            sock.sendmsg([reply], [(socket.IPPROTO_IP, _IP_PKTINFO, source)], 0, peer)
