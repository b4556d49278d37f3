"""Chunks of a sweep for the collector of its site: handed out, taken back, and handed out again.

A collector that dies keeps its chunk for five minutes; then another one, or itself, asks it anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import AuditEntry
from provision.readers.snmp_credentials import SnmpCredential
from provision.reading import read_settings
from provision.sweeps import results
from provision.sweeps.models import Sweep, SweepChunk, SweepState
from provision.sweeps.scanning import Swept
from storage.refusals import NotFoundError
from storage.sealed import Place, Seal

HELD_FOR = timedelta(minutes=5)
_NOT_ALLOWED = "not-allowed"


class UnknownChunkError(NotFoundError):
    code = "unknown-chunk"
    ru = "Такого участка обхода этому сборщику не давали."
    en = "This collector was given no such part of a sweep."


@dataclass(frozen=True)
class HandedChunk:
    """One chunk, with all that asking it takes."""

    sweep: int
    start: int
    count: int
    networks: tuple[str, ...]
    seed: int
    rate: int
    port: int
    timeout_s: float
    retries: int
    credential: SnmpCredential


def claim(
    session: Session, seal: Seal, site_id: int, collector: int, now: datetime
) -> HandedChunk | None:
    """The next chunk of the oldest sweep that runs at this site."""
    query = (
        select(SweepChunk, Sweep)
        .join(Sweep, Sweep.id == SweepChunk.sweep_id)
        .where(Sweep.site_id == site_id, Sweep.state == SweepState.RUNNING)
        .where(SweepChunk.done_at.is_(None))
        .where(or_(SweepChunk.claimed_at.is_(None), SweepChunk.claimed_at < now - HELD_FOR))
        .order_by(Sweep.id, SweepChunk.start)
        .limit(1)
        .with_for_update(skip_locked=True, of=SweepChunk)
    )
    found = session.execute(query).first()
    if found is None:
        return None
    chunk, sweep = found
    chunk.claimed_at, chunk.claimed_by = now, collector
    place = Place("sweep", str(sweep.id), "community")
    return HandedChunk(
        sweep=sweep.id,
        start=chunk.start,
        count=chunk.count,
        networks=tuple(sweep.networks),
        seed=sweep.seed,
        rate=sweep.rate,
        port=sweep.port,
        timeout_s=sweep.timeout_s,
        retries=sweep.retries,
        credential=read_settings.from_text(sweep.snmp_version, seal.open(sweep.community, place)),
    )


def take_back(
    session: Session,
    collector: int,
    key: tuple[int, int],
    found: Sequence[Swept],
    now: datetime,
    *,
    done: bool,
) -> None:
    """Store what a chunk's addresses told so far; `done` closes it, and the last one the sweep.

    Results of a chunk that another collector holds by now, or of an address outside the sweep,
    count for nothing.
    """
    chunk, sweep = _held(session, collector, key)
    networks = [IPv4Network(text) for text in sweep.networks]
    results.store(session, sweep.id, [one for one in found if _lies_in(one, networks)], now)
    # A long chunk shows that its collector lives.
    asked_s = (now - chunk.claimed_at).total_seconds() if chunk.claimed_at else 0.0
    chunk.claimed_at = now
    sweep.busy_s += asked_s
    if not done or chunk.done_at is not None:
        return
    chunk.done_at = now
    session.flush()
    left = select(SweepChunk.start).where(
        SweepChunk.sweep_id == sweep.id, SweepChunk.done_at.is_(None)
    )
    if session.scalar(left.limit(1)) is None and sweep.state == SweepState.RUNNING:
        sweep.state, sweep.finished_at = SweepState.DONE, now


def refuse(session: Session, collector: int, key: tuple[int, int], now: datetime) -> None:
    """The collector may not read there: the sweep waits for a person."""
    chunk, sweep = _held(session, collector, key)
    chunk.claimed_at = chunk.claimed_by = None
    if sweep.state == SweepState.RUNNING:
        sweep.state = SweepState.PAUSED
        actor = f"collector:{collector}"
        audit.record(session, actor, "sweep.pause", sweep.subject, now, reason=_NOT_ALLOWED)


def was_refused(session: Session, number: int) -> bool:
    """Whether the last pause of this sweep was a collector's, which may not read there."""
    query = (
        select(AuditEntry.details)
        .where(AuditEntry.subject == f"sweep:{number}", AuditEntry.action == "sweep.pause")
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return (session.scalar(query) or {}).get("reason") == _NOT_ALLOWED


def _held(session: Session, collector: int, key: tuple[int, int]) -> tuple[SweepChunk, Sweep]:
    chunk = session.get(SweepChunk, key)
    if chunk is None or chunk.claimed_by != collector:
        raise UnknownChunkError
    return chunk, session.get_one(Sweep, chunk.sweep_id)


def _lies_in(one: Swept, networks: Sequence[IPv4Network]) -> bool:
    try:
        address = IPv4Address(one.address)
    except AddressValueError:
        return False
    return any(address in network for network in networks)
