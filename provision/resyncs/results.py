"""How a resync stands: its phones, what they answered, and who fetched since."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Site
from provision.devices.models import Device
from provision.resyncs import starting
from provision.resyncs.models import Resync, ResyncTarget
from provision.resyncs.vocabulary import ResyncState, Scope, TargetState


@dataclass(frozen=True)
class Standing:
    """How far a resync is."""

    id: int
    scope: Scope
    about: str
    group: int | None
    reboot: bool
    rate: int
    state: ResyncState
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    counts: Counter[str]

    @property
    def phones(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return self.phones - self.counts[TargetState.WAITING]

    @property
    def accepted(self) -> int:
        return self.counts[TargetState.ACCEPTED]

    def as_document(self) -> Mapping[str, object]:
        """What programs get of it, before its phones."""
        return {
            "id": self.id,
            "scope": self.scope,
            "about": self.about,
            "group": self.group,
            "reboot": self.reboot,
            "state": self.state,
            "phones": self.phones,
            "done": self.done,
            "accepted": self.accepted,
        }


@dataclass(frozen=True)
class Asked:
    """One phone of a resync; `fetched_at` is its last check-in if that came after the asking."""

    mac: str
    serial: str | None
    site: str | None
    address: str | None
    state: TargetState
    status: int | None
    reason: str
    sent: int
    done_at: datetime | None
    fetched_at: datetime | None

    def as_document(self) -> Mapping[str, object]:
        """What programs get of it."""
        names = ("mac", "serial", "site", "address", "state", "status", "reason", "sent")
        return {name: getattr(self, name) for name in names} | {"fetched_at": self.fetched_at}


@dataclass(frozen=True)
class Told:
    """What a phone's story tells of one resync."""

    at: datetime
    state: TargetState
    status: int | None
    reason: str
    address: str | None
    reboot: bool
    asked_by: str


def standing(session: Session, number: int) -> Standing:
    """How this resync stands; raises UnknownResyncError."""
    row = starting.get(session, number)
    return _standing(row, _counts(session, [number])[number])


def latest(session: Session, limit: int) -> Sequence[Standing]:
    """The newest resyncs first."""
    query = select(Resync).order_by(Resync.id.desc()).limit(limit)
    rows = session.scalars(query).all()
    counts = _counts(session, [row.id for row in rows])
    return [_standing(row, counts[row.id]) for row in rows]


def asked(
    session: Session, number: int, *, limit: int | None = None, offset: int = 0
) -> Sequence[Asked]:
    """The phones of a resync, those that did not accept first."""
    rows = session.execute(
        select(ResyncTarget, Device, Site.name, Resync.started_at)
        .join(Device, Device.id == ResyncTarget.device_id)
        .join(Resync, Resync.id == ResyncTarget.resync_id)
        .outerjoin(Site, Site.id == Device.site_id)
        .where(ResyncTarget.resync_id == number)
        .order_by(ResyncTarget.state == TargetState.ACCEPTED, Device.mac)
        .limit(limit)
        .offset(offset)
    )
    return [_asked(row, device, site, since) for row, device, site, since in rows]


def of_device(
    session: Session, device: Device, limit: int, before: datetime | None = None
) -> Sequence[Told]:
    """What came of asking a phone, the newest first."""
    query = (
        select(ResyncTarget, Resync.reboot, Resync.started_by)
        .join(Resync, Resync.id == ResyncTarget.resync_id)
        .where(ResyncTarget.device_id == device.id, ResyncTarget.done_at.is_not(None))
        .order_by(ResyncTarget.done_at.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(ResyncTarget.done_at < before)
    return [
        Told(row.done_at, TargetState(row.state), row.status, row.reason, row.address, reboot, who)
        for row, reboot, who in session.execute(query)
        if row.done_at is not None
    ]


def _counts(session: Session, numbers: Sequence[int]) -> Mapping[int, Counter[str]]:
    """How many phones of each resync stand how, by one question for all."""
    counts = {number: Counter[str]() for number in numbers}
    grouped = (ResyncTarget.resync_id, ResyncTarget.state)
    counted = select(*grouped, func.count()).where(ResyncTarget.resync_id.in_(numbers))
    for number, state, count in session.execute(counted.group_by(*grouped)):
        counts[number][str(state)] = count
    return counts


def _standing(row: Resync, counts: Counter[str]) -> Standing:
    return Standing(
        id=row.id,
        scope=Scope(row.scope),
        about=row.about,
        group=row.group_number,
        reboot=row.reboot,
        rate=row.rate,
        state=ResyncState(row.state),
        started_by=row.started_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        counts=counts,
    )


def _asked(row: ResyncTarget, device: Device, site: str | None, since: datetime) -> Asked:
    seen = device.last_check_in_at
    return Asked(
        mac=device.mac,
        serial=device.serial,
        site=site,
        address=row.address or device.address,
        state=TargetState(row.state),
        status=row.status,
        reason=row.reason,
        sent=row.sent,
        done_at=row.done_at,
        fetched_at=seen if seen is not None and seen >= since else None,
    )
