"""Where TFTP listens, and to whom it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network

#: Private networks and this machine (RFC 1918): from elsewhere nobody gets an answer.
SITES: Sequence[IPv4Network] = tuple(
    IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")
)


@dataclass(frozen=True)
class TftpOptions:
    """Off without a host."""

    host: IPv4Address | None = None
    port: int = 69
    networks: Sequence[Network] = SITES

    @property
    def place(self) -> str:
        """The address as people write it; empty when TFTP is off."""
        return f"{self.host}:{self.port}" if self.host else ""

    def answers(self, address: str) -> bool:
        """Whether somebody at this address is answered."""
        asker = IPv4Address(address)
        return any(asker in network for network in self.networks)
