"""The facts of many phones over SNMP: their first places in one question, the second for the rest.

What a phone told once is kept, even if it falls silent for the second question.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from provision.families.family import Family, SnmpMap
from provision.readers.errors import Phrase, ReadError, UnexpectedAnswerError
from provision.readers.facts import DeviceFacts
from provision.readers.snmp_credentials import SnmpCredential
from provision.readers.snmp_facts import facts_of, line_oids
from provision.readers.snmp_lanes import How, Lane, read
from provision.readers.snmp_peer import VIA, Value
from provision.readers.what import What


@dataclass(frozen=True)
class Manner:
    """How to ask: whom the answers are read as, what is shown to the phone, where and how fast.

    With `whole` every fact is looked for, the SIP lines too; else what tells who a phone is.
    """

    family: Family
    places: SnmpMap
    credential: SnmpCredential
    how: How
    lane: Lane | None = None
    whole: bool = True


@dataclass(frozen=True)
class PhoneTold:
    """What one address told, by which lane; or why nothing is known of it."""

    address: str
    lane: Lane
    facts: DeviceFacts | None
    error: ReadError | None = None


def read_many(targets: Iterable[str], manner: Manner) -> Iterator[PhoneTold]:
    """One result for each target; in the lane `sweep` for each that answers."""
    unclear: dict[str, tuple[Lane, dict[str, Value]]] = {}
    for told in read(targets, _what(manner, 0), manner.credential, manner.how, manner.lane):
        if told.error is not None:
            yield PhoneTold(told.address, told.lane, None, told.error)
            continue
        facts = _facts(manner, told.values)
        if _is_enough(manner, facts):
            yield PhoneTold(told.address, told.lane, facts)
        else:
            unclear[told.address] = (told.lane, dict(told.values))
    more = _what(manner, 1)
    if unclear and more.oids:
        for told in read(list(unclear), more, manner.credential, manner.how, manner.lane):
            unclear[told.address][1].update(told.values)
    for address, (lane, values) in unclear.items():
        yield _result(address, lane, _facts(manner, values))


def _result(address: str, lane: Lane, facts: DeviceFacts) -> PhoneTold:
    if facts.told:
        return PhoneTold(address, lane, facts)
    reason = Phrase("ни одного из нужных значений", "none of the values asked for")
    error = UnexpectedAnswerError(address=address, via=VIA, reason=reason)
    return PhoneTold(address, lane, facts, error)


def _what(manner: Manner, depth: int) -> What:
    places = [order[depth] for order in manner.places.fields.values() if depth < len(order)]
    lines = manner.places.lines if manner.whole and depth == 0 else None
    return What.of(places, line_oids(lines) if lines is not None else ())


def _facts(manner: Manner, values: Mapping[str, Value]) -> DeviceFacts:
    return facts_of(manner.family, manner.places, values)


def _is_enough(manner: Manner, facts: DeviceFacts) -> bool:
    if not manner.whole:
        return facts.mac is not None or facts.serial is not None
    wanted = (name for name, order in manner.places.fields.items() if len(order) > 1)
    return all(name in facts.told for name in wanted)
