"""Asks a chunk's addresses, each as far as it takes to know what lives there.

With a community: our MIB from one socket, then the standard MIBs for phones that told neither MAC
nor serial; the general engine for those whose answer was an error or none to the question. With a
v3 user: first who speaks v3 at all, which needs no user; only they are shown the credential.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provision.families.family import Family, SnmpMap
from provision.readers.facts import DeviceFacts
from provision.readers.snmp_credentials import Community, SnmpCredential
from provision.readers.snmp_lanes import How, Lane
from provision.readers.snmp_many import Manner as Many
from provision.readers.snmp_many import read_many
from provision.readers.snmp_question import discovery
from provision.readers.snmp_sweep import Pace, Sweep


@dataclass(frozen=True)
class Manner:
    """How to ask: whom the answers are read as, with which credential, where and how fast."""

    family: Family
    places: SnmpMap
    credential: SnmpCredential
    port: int
    pace: Pace


@dataclass(frozen=True)
class Swept:
    """An address that answered; `facts` is None where it answered nothing that can be used."""

    address: str
    lane: str
    facts: DeviceFacts | None


def scan(addresses: Iterable[str], manner: Manner) -> Iterator[Swept]:
    """Every address that answers, once."""
    lane: Lane | None = Lane.SWEEP
    if not isinstance(manner.credential, Community):
        probe = Sweep(discovery(), addresses, manner.port, manner.pace)
        addresses, lane = [address for address, _ in probe.run()], None
    how = How(manner.port, manner.pace)
    many = Many(manner.family, manner.places, manner.credential, how, lane, whole=False)
    for told in read_many(addresses, many):
        yield Swept(told.address, told.lane, told.facts)
