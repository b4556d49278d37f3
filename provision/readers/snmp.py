"""Reading a phone over SNMP: which OIDs to ask, in which rounds.

The first place of every fact is asked in one packet; only for what is still missing are the next
places asked, so a phone with our MIB is read in one round trip.
"""

import time
from collections.abc import Mapping

from provision.families.family import Family, SnmpMap
from provision.readers.errors import (
    Phrase,
    ReadError,
    UnexpectedAnswerError,
    UnreadableWayError,
)
from provision.readers.facts import DeviceFacts, gather
from provision.readers.networks import Target
from provision.readers.snmp_credentials import SnmpCredential
from provision.readers.snmp_facts import facts_of, found_in, line_oids
from provision.readers.snmp_peer import VIA, Peer, Value
from provision.readers.snmp_wire import get

WALL_CLOCK_S = 10.0


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


def _ask_in_rounds(peer: Peer, places: SnmpMap) -> Mapping[str, Value]:
    deadline = time.monotonic() + WALL_CLOCK_S
    answers: dict[str, Value] = {}
    for depth in range(max(len(order) for order in places.fields.values())):
        known = gather(found_in(places, answers)).told
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
