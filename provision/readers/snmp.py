"""Reading a phone over SNMP: which OIDs to ask, and what their answers mean.

The first place of every fact is asked in one packet; only for what is still missing are the next
places asked, so a phone with our MIB is read in one round trip.
"""

import time
from collections.abc import Iterator, Mapping

from provision.families.family import Family, OidSource, SnmpLines, SnmpMap
from provision.readers.errors import (
    Phrase,
    ReadError,
    UnexpectedAnswerError,
    UnreadableWayError,
)
from provision.readers.facts import DeviceFacts, Found, LineFacts, gather, readable
from provision.readers.networks import Target
from provision.readers.snmp_credentials import SnmpCredential
from provision.readers.snmp_peer import VIA, Peer, Value
from provision.readers.snmp_wire import get

WALL_CLOCK_S = 10.0
_MAC_BYTES = 6


def read_snmp(
    target: Target,
    family: Family,
    credential: SnmpCredential,
    timeout_s: float = 1.0,
    retries: int = 1,
) -> DeviceFacts:
    """What the phone at `target` tells over SNMP, in at most 10 s; raises a ReadError.

    Once a phone has answered, what it told is kept even if it falls silent later.
    """
    places = family.snmp
    if places is None:
        raise UnreadableWayError(address=target.address, family=family.name, via=VIA)
    port = target.port or places.port
    peer = Peer(target.address, port, credential, timeout_s, retries)
    facts = facts_of(family, places, _ask_in_rounds(peer, places))
    if not facts.told:
        reason = Phrase("ни одного из нужных значений", "none of the values asked for")
        raise UnexpectedAnswerError(address=target.address, via=VIA, reason=reason)
    return facts


def facts_of(family: Family, places: SnmpMap, answers: Mapping[str, Value]) -> DeviceFacts:
    """The facts in answers by OID; what is not among them is not told."""
    found = list(_found(places, answers))
    if any(oid.startswith(f"{places.enterprise_oid}.") for oid in answers):
        found.append(Found("vendor", family.vendor, f"snmp {places.enterprise_oid}"))
    if places.lines is None:
        return gather(found)
    return gather(found, _lines(places.lines, answers), f"snmp {places.lines.mib}")


def _ask_in_rounds(peer: Peer, places: SnmpMap) -> Mapping[str, Value]:
    deadline = time.monotonic() + WALL_CLOCK_S
    answers: dict[str, Value] = {}
    for depth in range(max(len(order) for order in places.fields.values())):
        known = gather(_found(places, answers)).told
        oids = [
            order[depth].oid
            for name, order in places.fields.items()
            if name not in known and depth < len(order)
        ]
        if depth == 0 and places.lines is not None:
            oids += line_oids(places.lines)
        try:
            answers |= get(peer, oids, max(0.0, deadline - time.monotonic()))
        except ReadError:
            if not answers:
                raise
            break
    return answers


def _found(places: SnmpMap, answers: Mapping[str, Value]) -> Iterator[Found]:
    for name, order in places.fields.items():
        for place in order:
            if place.oid in answers:
                text = _text(name, place, answers[place.oid])
                yield Found(name, text, f"snmp {place.mib} {place.oid}")


def _text(name: str, place: OidSource, value: Value) -> str | None:
    if isinstance(value, int):
        return str(value // place.divide)
    if isinstance(value, bytes):
        if name == "mac" and len(value) == _MAC_BYTES:
            return value.hex()
        text = readable(value)
    else:
        text = value
    if place.pattern is None or text is None:
        return text
    match = place.pattern.search(text)
    return match["value"] if match else None


def line_oids(lines: SnmpLines) -> list[str]:
    """The cells of the table of SIP lines."""
    return [lines.oid(column, row) for row in range(1, lines.rows + 1) for column in lines.columns]


def _lines(lines: SnmpLines, answers: Mapping[str, Value]) -> Iterator[LineFacts]:
    for row in range(1, lines.rows + 1):
        cells = {column: answers.get(lines.oid(column, row)) for column in lines.columns}
        yield LineFacts(**{column: _cell(value) for column, value in cells.items()})


def _cell(value: Value | None) -> str | None:
    return readable(value) if isinstance(value, bytes) else None if value is None else str(value)
