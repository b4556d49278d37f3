"""Asks a chunk's addresses in three steps, each for those that the one before left unclear.

First our MIB, from one socket; then the standard MIBs, for phones that told neither MAC nor serial;
last the general engine, for those whose answer was an error or no answer to the question.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address

from provision.families.family import Family, SnmpMap
from provision.readers.errors import ReadError, UnreachableError
from provision.readers.facts import DeviceFacts
from provision.readers.networks import Target
from provision.readers.snmp import Community, facts_of, read_snmp
from provision.readers.snmp_ber import Answer, Value, value_of
from provision.readers.snmp_question import question
from provision.readers.snmp_sweep import LANE, Pace, Sweep

ENGINE_LANE = "pysnmp"
_ENGINES = 16


@dataclass(frozen=True)
class Manner:
    """How to ask: whom the answers are read as, with which community, where and how fast."""

    family: Family
    places: SnmpMap
    community: Community
    port: int
    pace: Pace


@dataclass(frozen=True)
class Swept:
    """An address that answered; `facts` is None where it answered nothing that can be used."""

    address: str
    lane: str
    facts: DeviceFacts | None


def scan(addresses: Sequence[str], manner: Manner) -> Iterator[Swept]:
    """Every address that answers, once."""
    oids = _oids(manner.places, 0)
    sweep = Sweep(question(manner.community.text, oids), addresses, manner.port, manner.pace)
    unclear: list[str] = []
    bare: dict[str, dict[str, Value]] = {}
    for address, answer in sweep.run():
        if answer.status:
            unclear.append(address)
            continue
        told = _told(oids, answer)
        facts = facts_of(manner.family, manner.places, told)
        if facts.mac is None and facts.serial is None:
            bare[address] = told
        else:
            yield Swept(address, LANE, facts)
    yield from _standard(bare, manner)
    yield from _general([*unclear, *sorted(sweep.tally.odd)], manner)


def _standard(bare: dict[str, dict[str, Value]], manner: Manner) -> Iterator[Swept]:
    """The second places of each fact; one that falls silent now is what it told before."""
    oids = _oids(manner.places, 1)
    if bare and oids:
        asked = question(manner.community.text, oids)
        for address, answer in Sweep(asked, list(bare), manner.port, manner.pace).run():
            bare[address] |= _told(oids, answer)
    for address, told in bare.items():
        yield Swept(address, LANE, facts_of(manner.family, manner.places, told))


def _general(addresses: Sequence[str], manner: Manner) -> Iterator[Swept]:
    if not addresses:
        return
    with ThreadPoolExecutor(min(_ENGINES, len(addresses))) as pool:
        yield from filter(None, pool.map(lambda one: _read(one, manner), addresses))


def _read(address: str, manner: Manner) -> Swept | None:
    target = Target(IPv4Address(address), manner.port)
    pace = manner.pace
    try:
        facts = read_snmp(target, manner.family, manner.community, pace.timeout_s, pace.retries)
    except UnreachableError:
        return None
    except ReadError:
        return Swept(address, ENGINE_LANE, None)
    return Swept(address, ENGINE_LANE, facts)


def _oids(places: SnmpMap, depth: int) -> Sequence[str]:
    return [order[depth].oid for order in places.fields.values() if depth < len(order)]


def _told(oids: Sequence[str], answer: Answer) -> dict[str, Value]:
    values = zip(oids, map(value_of, answer.values), strict=False)
    return {oid: value for oid, value in values if value is not None}
