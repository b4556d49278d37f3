"""Starting a sweep, walking its chunks, pausing it and going on.

All that a sweep needs is in its rows: whoever walks it may die at any moment, and the next one
asks again only the chunk that was not finished. Nothing is open in the database while phones are
asked, but for the moment in which results are stored.
"""

import math
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import audit, users
from provision import profiles
from provision.dialects import family_of
from provision.profiles import GLOBAL
from provision.readers.errors import NoCredentialError, UnreadableWayError
from provision.readers.networks import ReadOptions, allowed_range
from provision.readers.snmp_credentials import Community, SnmpCredential
from provision.readers.snmp_sweep import Pace
from provision.reading import read_settings
from provision.sweeps import results
from provision.sweeps.models import Sweep, SweepChunk, SweepState
from provision.sweeps.route import CHUNK, DEFAULT_RATE, Route, networks_of
from provision.sweeps.scanning import Manner, Swept, scan
from provision.vocabulary import Value
from storage.clock import now
from storage.installation import Installation
from storage.refusals import NotFoundError
from storage.sealed import Place

_STORE_EVERY_S = 1.0
#: So many chunks are asked together as are sent in this time: a kill or a pause costs no more.
_AT_ONCE_S = 4.0
#: However fast, as their answers take memory.
_CHUNKS_AT_ONCE_MAX = 32
_STORE_AT = 500


class UnknownSweepError(NotFoundError):
    code = "unknown-sweep"
    ru = "Обхода № {number} нет."
    en = "There is no sweep {number}."


@dataclass(frozen=True)
class NewSweep:
    """What to sweep and how; None is what the profile of all phones or the family says.

    `version` is SNMP's, 2c or 3. With a `site`, its collectors sweep, where their own settings
    allow it, and its profile counts too.
    """

    networks: Sequence[str]
    rate: int = DEFAULT_RATE
    port: int | None = None
    timeout_s: float = 1.0
    retries: int = 1
    community: str | None = None
    site: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Standing:
    """How far a sweep is."""

    id: int
    networks: Sequence[str]
    state: SweepState
    addresses: int
    scanned: int
    found: int
    seconds: float
    rate: int
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    site_id: int | None = None
    snmp_version: str = read_settings.VERSION_2C

    @property
    def percent(self) -> int:
        return self.scanned * 100 // self.addresses

    def as_document(self) -> Mapping[str, object]:
        """What programs get of it, before its results."""
        names = ("id", "scanned", "found", "seconds", "state", "snmp_version")
        return {name: getattr(self, name) for name in names}


def start(
    session: Session, installation: Installation, new: NewSweep, *, actor: str, now: datetime
) -> int:
    """Store a sweep and its chunks; its number. Refuses what lies outside the read networks."""
    networks = networks_of(new.networks)
    site = users.site(session, new.site) if new.site else None
    for network in () if site else networks:
        allowed_range(network, installation.option(ReadOptions).networks)
    settings = _settings(session, installation, new)
    credential = _credential(new, settings, networks[0])
    places = family_of(installation).snmp
    port = new.port or settings.get("read.snmp_port") or (places.port if places else 0)
    route = Route(networks, 0)
    sweep = Sweep(
        networks=[str(network) for network in networks],
        addresses=len(route),
        seed=secrets.randbelow(len(route)),
        rate=new.rate,
        port=int(port),
        timeout_s=new.timeout_s,
        retries=new.retries,
        community=b"",
        snmp_version=read_settings.version_of(credential),
        started_by=actor,
        started_at=now,
        site_id=site.id if site else None,
    )
    session.add(sweep)
    session.flush()
    sweep.community = installation.seal.close(read_settings.as_text(credential), _place(sweep))
    session.add_all(
        SweepChunk(sweep_id=sweep.id, start=first, count=count) for first, count in route.chunks()
    )
    audit.record(
        session, actor, "sweep.start", sweep.subject, now, networks=", ".join(sweep.networks)
    )
    session.flush()
    return sweep.id


def pause(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """Stop after the chunk that is being asked."""
    sweep = _get(session, number)
    if sweep.state == SweepState.RUNNING:
        sweep.state = SweepState.PAUSED
        audit.record(session, actor, "sweep.pause", sweep.subject, now)


def resume(session: Session, number: int, *, actor: str, now: datetime) -> bool:
    """Let a paused sweep go on; whether it was paused."""
    sweep = _get(session, number)
    if sweep.state != SweepState.PAUSED:
        return False
    sweep.state = SweepState.RUNNING
    audit.record(session, actor, "sweep.resume", sweep.subject, now)
    return True


def standing(session: Session, number: int) -> Standing:
    """How far this sweep is; raises UnknownSweepError."""
    return _standing(session, _get(session, number))


def latest(session: Session, limit: int) -> Sequence[Standing]:
    """The newest sweeps first."""
    query = select(Sweep).order_by(Sweep.id.desc()).limit(limit)
    return [_standing(session, sweep) for sweep in session.scalars(query)]


def walk(
    installation: Installation,
    number: int,
    tell: Callable[[Standing], None] = lambda _: None,
    at_most_s: float = math.inf,
) -> Standing:
    """Ask all chunks that are left, until the sweep is done, paused, or the time is over."""
    database = installation.database
    end = time.monotonic() + at_most_s
    with database.reading() as session:
        sweep = _get(session, number)
        manner, route = _manner(installation, sweep), _route(sweep)
    # The wait for the silent is as long for many chunks as for one.
    at_once = min(max(1, int(manner.pace.rate * _AT_ONCE_S) // CHUNK), _CHUNKS_AT_ONCE_MAX)
    while chunks := _next(installation, number, at_once):
        addresses = (one for chunk in chunks for one in route.addresses(*chunk))
        _ask(installation, number, manner, addresses)
        with database.writing() as session:
            for start_at, _count in chunks:
                session.get_one(SweepChunk, (number, start_at)).done_at = now()
        with database.reading() as session:
            far = standing(session, number)
        tell(far)
        if time.monotonic() > end and far.scanned < far.addresses:
            return far
    with database.writing() as session:
        sweep = _get(session, number)
        if sweep.state == SweepState.RUNNING:
            sweep.state, sweep.finished_at = SweepState.DONE, now()
        return _standing(session, sweep)


def _next(installation: Installation, number: int, at_once: int) -> Sequence[tuple[int, int]]:
    """The next chunks that are left, none once the sweep is paused."""
    with installation.database.reading() as session:
        if _get(session, number).state != SweepState.RUNNING:
            return ()
        query = (
            select(SweepChunk)
            .where(SweepChunk.sweep_id == number, SweepChunk.done_at.is_(None))
            .order_by(SweepChunk.start)
            .limit(at_once)
        )
        return [(chunk.start, chunk.count) for chunk in session.scalars(query)]


def _ask(installation: Installation, number: int, manner: Manner, addresses: Iterable[str]) -> None:
    """Ask these; what answers is stored each second, so that people can watch."""
    waiting: list[Swept] = []
    stored = time.monotonic()

    def put() -> None:
        nonlocal stored
        begun, stored = stored, time.monotonic()
        # A power cut may take the last second: the chunk is asked again then.
        with installation.database.writing(lasting=False) as session:
            results.store(session, number, waiting, now())
            _get(session, number).busy_s += stored - begun
        waiting.clear()

    for swept in scan(addresses, manner):
        waiting.append(swept)
        if len(waiting) >= _STORE_AT or time.monotonic() - stored >= _STORE_EVERY_S:
            put()
    put()


def _manner(installation: Installation, sweep: Sweep) -> Manner:
    family = family_of(installation)
    if family.snmp is None:
        raise UnreadableWayError(address=sweep.networks[0], family=family.name, via="SNMP")
    return Manner(
        family=family,
        places=family.snmp,
        credential=read_settings.from_text(
            sweep.snmp_version, installation.seal.open(sweep.community, _place(sweep))
        ),
        port=sweep.port,
        pace=Pace(_route(sweep).rate(sweep.rate), sweep.timeout_s, sweep.retries),
    )


def _route(sweep: Sweep) -> Route:
    return Route([IPv4Network(text) for text in sweep.networks], sweep.seed)


def _standing(session: Session, sweep: Sweep) -> Standing:
    done = select(func.sum(SweepChunk.count)).where(
        SweepChunk.sweep_id == sweep.id, SweepChunk.done_at.is_not(None)
    )
    return Standing(
        id=sweep.id,
        networks=tuple(sweep.networks),
        state=SweepState(sweep.state),
        addresses=sweep.addresses,
        scanned=int(session.scalar(done) or 0),
        found=results.found(session, sweep.id),
        seconds=round(sweep.busy_s, 2),
        rate=sweep.rate,
        started_by=sweep.started_by,
        started_at=sweep.started_at,
        finished_at=sweep.finished_at,
        site_id=sweep.site_id,
        snmp_version=sweep.snmp_version,
    )


def _settings(session: Session, installation: Installation, new: NewSweep) -> Mapping[str, Value]:
    """What the profile of all phones says, and over it that of the site that sweeps."""
    links = [GLOBAL]
    if new.site:
        links.append(profiles.link_for(session, site=new.site))
    return profiles.resolve(session, links).opened(installation.seal)


def _credential(
    new: NewSweep, settings: Mapping[str, Value], network: IPv4Network
) -> SnmpCredential:
    if new.community:
        return Community(new.community)
    found = read_settings.snmp_credential(settings, new.version)
    if found is None:
        raise NoCredentialError(address=network, via="SNMP")
    return found


def _get(session: Session, number: int) -> Sweep:
    found = session.get(Sweep, number)
    if found is None:
        raise UnknownSweepError(number=number)
    return found


def _place(sweep: Sweep) -> Place:
    return Place("sweep", str(sweep.id), "community")
