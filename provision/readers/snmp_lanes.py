"""Three lanes to many phones' SNMP agents behind one door; each result says which one it took.

`sweep` is our own: one socket, a datagram for each address, for ranges where most are silent.
`gufo` reads known phones in bulk, where gufo-snmp is installed. `pysnmp` is the general engine: it
reads whatever the other two cannot, and everything where they are not. In all of them an answer
counts only if address, port, id and OIDs are those of the question; what a phone does not tell is
absent, never empty.

`gufo` and `pysnmp` are loaded when they are first taken: a sweep of a range mostly takes neither.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from provision.readers.errors import ReadError, UnreachableError
from provision.readers.side_by_side import side_by_side
from provision.readers.snmp_ber import value_of
from provision.readers.snmp_credentials import Community, SnmpCredential
from provision.readers.snmp_peer import Peer, Value, silence
from provision.readers.snmp_question import question
from provision.readers.snmp_sweep import Pace, Sweep
from provision.readers.what import What

#: As many phones wait for an answer at a time: more make nothing faster.
_BULK_AT_ONCE, _GENERAL_AT_ONCE = 200, 50
WALL_CLOCK_S = 10.0


class Lane(StrEnum):
    """The ways to a phone's SNMP agent."""

    SWEEP = "sweep"
    GUFO = "gufo"
    PYSNMP = "pysnmp"


@dataclass(frozen=True)
class How:
    """Where and how fast to ask; the rate counts in the lane `sweep`, packets a second."""

    port: int
    pace: Pace


@dataclass(frozen=True)
class Told:
    """What one address answered, without what it does not have; or why it was not read."""

    address: str
    lane: Lane
    values: Mapping[str, Value]
    error: ReadError | None = None


def lane_for(credential: SnmpCredential) -> Lane:
    """The best lane to known phones."""
    from provision.readers.snmp_bulk import suits  # noqa: PLC0415 - see above

    return Lane.GUFO if suits(credential) else Lane.PYSNMP


def read(
    targets: Iterable[str],
    what: What,
    credential: SnmpCredential,
    how: How,
    lane: Lane | None = None,
) -> Iterator[Told]:
    """What each of `targets` (dotted addresses) answers, as it comes; the best lane by default.

    The lane `sweep`, which takes a community alone, says nothing of silent addresses: most of a
    range are. The others give one result for each target. Whether a target may be read was asked
    before (readers.networks).
    """
    if lane is Lane.SWEEP and isinstance(credential, Community):
        return _swept(targets, what, credential, how)
    best = lane_for(credential)
    if best is Lane.GUFO and lane in {None, best}:
        return _in_bulk(list(targets), what, credential, how)
    return _generally(list(targets), what, credential, how)


def _swept(targets: Iterable[str], what: What, credential: Community, how: How) -> Iterator[Told]:
    sweep = Sweep(question(credential.text, what.oids), targets, how.port, how.pace)
    unclear: list[str] = []
    for address, answer in sweep.run():
        if answer.status:
            unclear.append(address)
            continue
        values = zip(what.oids, map(value_of, answer.values), strict=True)
        told = {oid: value for oid, value in values if value is not None}
        yield Told(address, Lane.SWEEP, told)
    for again in _generally([*unclear, *sorted(sweep.tally.odd)], what, credential, how):
        if not isinstance(again.error, UnreachableError):
            yield again


def _in_bulk(
    targets: Sequence[str], what: What, credential: SnmpCredential, how: How
) -> Iterator[Told]:
    if not targets:
        return
    from provision.readers.snmp_bulk import Bulk, SilentError  # noqa: PLC0415 - see above

    bulk = Bulk.of(credential, how.pace.timeout_s, how.pace.retries)

    async def ask(address: str) -> Told | None:
        try:
            values = await bulk.answer(address, how.port, what)
        except SilentError:
            return Told(address, Lane.GUFO, {}, silence(_peer(address, credential, how), 0))
        return None if values is None else Told(address, Lane.GUFO, values)

    clear: set[str] = set()
    for told in side_by_side(targets, ask, min(_BULK_AT_ONCE, len(targets))):
        if told is not None:
            clear.add(told.address)
            yield told
    unclear = [address for address in targets if address not in clear]
    yield from _generally(unclear, what, credential, how)


def _generally(
    targets: Sequence[str], what: What, credential: SnmpCredential, how: How
) -> Iterator[Told]:
    if not targets:
        return
    from provision.readers.snmp_wire import General  # noqa: PLC0415 - see above

    general = General(credential)

    async def ask(address: str) -> Told:
        try:
            peer = _peer(address, credential, how)
            values = await general.answer(peer, what.oids, WALL_CLOCK_S)
        except ReadError as error:
            return Told(address, Lane.PYSNMP, {}, error)
        return Told(address, Lane.PYSNMP, values)

    at_once = min(_GENERAL_AT_ONCE, len(targets))
    yield from side_by_side(targets, ask, at_once, general.close)


def _peer(address: str, credential: SnmpCredential, how: How) -> Peer:
    pace = how.pace
    return Peer(IPv4Address(address), how.port, credential, pace.timeout_s, pace.retries)
