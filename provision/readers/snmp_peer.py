"""What the ways of asking over SNMP share: whom to ask, what values are, how silence is told."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from provision.readers.errors import (
    AccessDeniedError,
    Phrase,
    UnexpectedAnswerError,
    UnreachableError,
)
from provision.readers.snmp_credentials import Community, SnmpCredential

VIA = "SNMP"
_OTHER_COMMUNITY = ("другое community", "another community")
_OTHER_PASSWORD = ("другой пароль шифрования", "another privacy password")

# OCTET STRING as bytes, TimeTicks in seconds, OBJECT IDENTIFIER and IpAddress as dotted text.
Value = bytes | int | str


class SnmpV3RefusedError(AccessDeniedError):
    """The agent lives, and says what it misses in our v3 message."""

    code = "snmp-v3-refused"
    ru = "Телефон {address} не принял наши учётные данные SNMPv3: {reason}."
    en = "The phone at {address} does not accept our SNMPv3 credential: {reason}."


@dataclass(frozen=True)
class Peer:
    """Whom to ask and how patiently: `retries` more tries of `timeout_s` seconds each."""

    address: IPv4Address
    port: int
    credential: SnmpCredential
    timeout_s: float
    retries: int

    @property
    def place(self) -> tuple[str, int]:
        return str(self.address), self.port


def silence(peer: Peer, strays: int) -> UnreachableError | UnexpectedAnswerError:
    """No answer came, though `strays` datagrams may have."""
    if strays:
        reason = Phrase(
            f"получено пакетов: {strays}, ни один не отвечает на вопрос",
            f"packets received: {strays}, none of them answers the question",
        )
        return UnexpectedAnswerError(address=peer.address, via=VIA, reason=reason)
    seconds = peer.timeout_s * (peer.retries + 1)
    ru, en = _OTHER_COMMUNITY if isinstance(peer.credential, Community) else _OTHER_PASSWORD
    reason = Phrase(
        f"нет ответа за {seconds:g} с; телефон выключен, не в сети или ждёт {ru}",
        f"no answer in {seconds:g} s; it is off, not on the network or has {en}",
    )
    return UnreachableError(address=peer.address, via=VIA, reason=reason)
