"""The order in which a sweep visits addresses, and the chunks it is cut into (pure).

Place i of the order is address (a * i + seed) mod n with a near the golden section of n: each step
lands far from the last, so that load spreads evenly over all subnets and any place can be found
without walking there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    NetmaskValueError,
    collapse_addresses,
)
from itertools import accumulate
from math import gcd

from storage.refusals import RefusedError

CHUNK = 4096
ADDRESSES_MAX = 1 << 24
DEFAULT_RATE = 1000
#: At the default rate; a higher rate that somebody asks for raises it in proportion.
SUBNET_RATE = 50
_GOLDEN = 0.6180339887498949
_SUBNET = 24


class BadNetworkError(RefusedError):
    code = "bad-network"
    field = "networks"
    ru = "«{text}» — не сеть IPv4: пишите 10.1.2.0/24 или адрес."
    en = "“{text}” is no IPv4 network: write 10.1.2.0/24, or an address."


class TooWideError(RefusedError):
    code = "sweep-too-wide"
    field = "networks"
    ru = "Адресов в обходе {count}, за один раз можно {limit}. Разделите обход."
    en = "The sweep has {count} addresses, one may have {limit}. Divide it."


class NoNetworkError(RefusedError):
    code = "no-network"
    field = "networks"
    ru = "Назовите хотя бы одну сеть."
    en = "Name at least one network."


def networks_of(texts: Sequence[str]) -> Sequence[IPv4Network]:
    """The networks that the texts name, without overlaps, in order."""
    found = []
    for text in texts:
        try:
            found.append(IPv4Network(text.strip()))
        except (AddressValueError, NetmaskValueError, ValueError) as error:
            raise BadNetworkError(text=text.strip()[:40]) from error
    merged = sorted(collapse_addresses(found))
    count = sum(network.num_addresses for network in merged)
    if not merged:
        raise NoNetworkError
    if count > ADDRESSES_MAX:
        raise TooWideError(count=count, limit=ADDRESSES_MAX)
    return merged


@dataclass(frozen=True)
class Route:
    """All addresses of `networks`, each once, in an order that `seed` turns."""

    networks: Sequence[IPv4Network]
    seed: int

    def __len__(self) -> int:
        return sum(network.num_addresses for network in self.networks)

    def addresses(self, start: int, count: int) -> Iterator[str]:
        """The addresses from place `start` of the order on."""
        total = len(self)
        step = _step(total)
        ends = list(accumulate(network.num_addresses for network in self.networks))
        for place in range(start, min(start + count, total)):
            index = (step * place + self.seed) % total
            which = next(i for i, end in enumerate(ends) if index < end)
            network, before = self.networks[which], ends[which - 1] if which else 0
            yield str(IPv4Address(int(network.network_address) + index - before))

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Start and size of each chunk."""
        total = len(self)
        for start in range(0, total, CHUNK):
            yield start, min(CHUNK, total - start)

    def rate(self, asked: int) -> int:
        """The pace that also keeps each /24 below its share.

        The order spreads evenly, so a bound on all packets bounds those to each subnet.
        """
        subnets = sum(max(1, network.num_addresses >> 8) for network in _subnets(self.networks))
        share = max(1, SUBNET_RATE * max(asked, DEFAULT_RATE) // DEFAULT_RATE)
        return max(1, min(asked, share * subnets))


def _subnets(networks: Sequence[IPv4Network]) -> set[IPv4Network]:
    """The networks, with those inside one /24 taken for that /24."""
    return {
        network.supernet(new_prefix=_SUBNET) if network.prefixlen > _SUBNET else network
        for network in networks
    }


def _step(total: int) -> int:
    step = max(1, int(total * _GOLDEN))
    while gcd(step, total) != 1:
        step += 1
    return step
