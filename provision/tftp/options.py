"""Where TFTP listens, and to whom it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from provision.tftp import listening

Network = IPv4Network | IPv6Network

#: Private networks (RFC 1918, RFC 4193), a link's own addresses of IPv6, and this machine: from
#: elsewhere nobody gets an answer.
SITES: Sequence[Network] = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)


@dataclass(frozen=True)
class TftpOptions:
    """Off without a host; `::` is every address of IPv4 too."""

    host: IPv4Address | IPv6Address | None = None
    port: int = 69
    networks: Sequence[Network] = SITES

    @property
    def place(self) -> str:
        """The address as people write it; empty when TFTP is off."""
        return listening.written(self.host, self.port) if self.host else ""

    def answers(self, address: str) -> bool:
        """Whether somebody at this address is answered."""
        asker = ip_address(address)
        return any(asker in network for network in self.networks)
