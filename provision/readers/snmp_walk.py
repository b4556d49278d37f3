"""A walk over what a phone's SNMP agent holds, by the general engine, within bounds.

For people who write a family file: which OIDs a phone knows, and what stands there. An agent that
leads in a circle, or never ends, costs the bound and nothing more.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from provision.readers.errors import Phrase, UnexpectedAnswerError, UnreachableError
from provision.readers.snmp_peer import VIA, Peer, Value
from provision.readers.snmp_wire import General


@dataclass(frozen=True)
class Bounds:
    """How many values at most, and seconds for all of them."""

    values: int = 1000
    seconds: float = 30.0


@dataclass(frozen=True)
class Walked:
    """The values in order of their OIDs; `is_whole` is False where a bound ended it."""

    values: Sequence[tuple[str, Value | None]]
    is_whole: bool


def walk(peer: Peer, root: str, bounds: Bounds = Bounds()) -> Walked:
    """Everything below `root`, a numeric OID; raises a ReadError where nothing was told.

    What was told before a phone fell silent, or went back, is kept as a part.
    """
    return asyncio.run(_walk(peer, root, bounds))


async def _walk(peer: Peer, root: str, bounds: Bounds) -> Walked:
    general = General(peer.credential)
    told: list[tuple[str, Value | None]] = []
    try:
        async with asyncio.timeout(bounds.seconds):
            is_whole = await _below(general, peer, root, bounds.values, told)
    except (TimeoutError, UnreachableError, UnexpectedAnswerError) as error:
        if told:
            return Walked(told, is_whole=False)
        if not isinstance(error, TimeoutError):
            raise
        reason = Phrase("время на обход вышло", "the time for the walk is over")
        raise UnreachableError(address=peer.address, via=VIA, reason=reason) from error
    finally:
        general.close()
    return Walked(told, is_whole)


async def _below(
    general: General,
    peer: Peer,
    root: str,
    most: int,
    told: list[tuple[str, Value | None]],
) -> bool:
    """Gather into `told`; whether the end was reached."""
    at = root
    while len(told) < most:
        found = await general.next_to(peer, at)
        if found is None or not found[0].startswith(f"{root}."):
            return True
        if _numbers(found[0]) <= _numbers(at):
            reason = Phrase("он ходит по кругу", "it goes round in circles")
            raise UnexpectedAnswerError(address=peer.address, via=VIA, reason=reason)
        told.append(found)
        at = found[0]
    return False


def _numbers(oid: str) -> tuple[int, ...]:
    return tuple(map(int, oid.split(".")))
