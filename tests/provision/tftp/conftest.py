"""A TFTP server of this process over a small estate, and raw datagrams to talk to it."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import pytest

from provision.tftp.options import TftpOptions
from provision.tftp.server import TftpServer
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import Estate

HERE = IPv4Address("127.0.0.1")


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@contextlib.contextmanager
def serving(
    place: Installation, host: IPv4Address | IPv6Address = HERE, **more: object
) -> Iterator[TftpServer]:
    """A server on a free port, in a thread of its own."""
    server = TftpServer(place, TftpOptions(host, 0, **more))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(20)


@pytest.fixture
def server(estate: Estate) -> Iterator[TftpServer]:
    with serving(estate.installation) as running:
        yield running


def request(name: bytes | str, mode: str = "octet", opcode: int = 1, **options: str) -> bytes:
    """RRQ (1) or WRQ (2)."""
    words = [name if isinstance(name, bytes) else name.encode(), mode.encode()]
    words += [part.encode() for option in options.items() for part in option]
    return struct.pack("!H", opcode) + b"".join(word + b"\0" for word in words)


@dataclass
class Phone:
    """A receiver with a socket of its own; `tid` is where the server answers from."""

    socket: socket.socket
    port: int
    tid: tuple[str, int] | None = None

    def ask(self, datagram: bytes) -> bytes:
        self.socket.sendto(datagram, ("127.0.0.1", self.port))
        return self.hear()

    def hear(self, timeout_s: float = 20.0) -> bytes:
        """The next datagram, b"" for silence."""
        self.socket.settimeout(timeout_s)
        try:
            datagram, self.tid = self.socket.recvfrom(70_000)
        except TimeoutError:
            return b""
        return datagram

    def become_known(self, datagram: bytes) -> None:
        """Acknowledge a first block, hear the second, and let the rest be."""
        self.ask(datagram)
        self.acknowledge(1)
        assert self.hear()[:4] == b"\0\3\0\2"
        assert self.tid
        self.socket.sendto(b"\0\5\0\0bye\0", self.tid)

    def acknowledge(self, block: int) -> None:
        assert self.tid is not None
        self.socket.sendto(struct.pack("!HH", 4, block), self.tid)


@pytest.fixture
def phone(server: TftpServer) -> Iterator[Callable[..., Phone]]:
    """Makes phones, each at a port or an address of its own."""
    with contextlib.ExitStack() as stack:

        def make(address: str = "127.0.0.1") -> Phone:
            own = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            own.bind((address, 0))
            return Phone(own, server.port)

        yield make
