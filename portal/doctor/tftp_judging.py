"""How TFTP stands, if it is on. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from portal.doctor.finding import Finding, attention, fault, good
from provision.tftp.listening import written
from provision.tftp.options import SITES
from storage.phrases import Phrase

Network = IPv4Network | IPv6Network
#: Not routed in the internet: RFC 1918, 3927, 4193, 4291, 6598, and this machine.
_INNER = (*SITES, IPv4Network("169.254.0.0/16"), IPv4Network("100.64.0.0/10"))


def tftp(
    host: IPv4Address | IPv6Address | None,
    port: int,
    networks: Sequence[Network],
    *,
    answers: bool,
) -> Finding:
    """`networks` are those that it answers; `answers`: whether it was heard from here."""
    if host is None:
        return good("tftp", "Выключен", "Off")
    place = written(host, port)
    public = [str(network) for network in networks if not _is_inner(network)]
    if host.is_global or public:
        told = ", ".join([place] if host.is_global else public)
        return fault(
            "tftp",
            Phrase(f"TFTP открыт посторонним: {told}", f"TFTP is open to strangers: {told}"),
            Phrase(
                "Только для сети площадки: внутренний адрес в FLATPRO_TFTP, её сети в "
                "FLATPRO_TFTP_NETWORKS",
                "For a site's own network only: an inner address in FLATPRO_TFTP, its networks in "
                "FLATPRO_TFTP_NETWORKS",
            ),
        )
    if not answers:
        return fault(
            "tftp",
            Phrase(f"{place} не отвечает", f"{place} does not answer"),
            Phrase(
                "Работает ли flatpro serve или flatpro tftp; порты до 1024 требуют прав",
                "Is flatpro serve or flatpro tftp running; ports below 1024 need rights",
            ),
        )
    if host.is_unspecified:
        return attention(
            "tftp",
            Phrase(f"{place}: слушает на всех адресах", f"{place}: listens on every address"),
            Phrase(
                "Задайте в FLATPRO_TFTP один адрес в сети телефонов",
                "Set one address in the phones' network in FLATPRO_TFTP",
            ),
        )
    return good("tftp", f"{place} отвечает", f"{place} answers")


def _is_inner(network: Network) -> bool:
    # Of one kind each: networks of different kinds cannot be compared.
    if isinstance(network, IPv6Network):
        return any(isinstance(one, IPv6Network) and network.subnet_of(one) for one in _INNER)
    return any(isinstance(one, IPv4Network) and network.subnet_of(one) for one in _INNER)
