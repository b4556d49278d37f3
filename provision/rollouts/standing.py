"""How a rollout stands, for pages and programs: its groups, its phones and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Site
from firmware.models import Release
from provision.devices.models import Device
from provision.rollouts import conducting, steering
from provision.rollouts.deciding import Tally
from provision.rollouts.models import Rollout, RolloutGroup, RolloutTarget
from provision.rollouts.vocabulary import GroupState, Reason, RolloutState, TargetState
from provision.rollouts.windows import Window

#: More rollouts of one release than its page has room for.
OF_RELEASE_MAX = 10


@dataclass(frozen=True)
class GroupStanding:
    """One group; `wave` is empty for all the others."""

    number: int
    wave: str
    state: GroupState
    tally: Tally
    forgiven: int
    opened_at: datetime | None

    @property
    def failed_percent(self) -> float:
        """New failures as a share of the group's phones, to one decimal."""
        total = self.tally.total
        return round((self.tally.failed - self.forgiven) * 100 / total, 1) if total else 0.0

    def as_document(self) -> Mapping[str, object]:
        """What programs get of it."""
        return {
            "group": self.number,
            "who": self.wave or "all others",
            "state": self.state,
            "phones": self.tally.total,
            "offered": self.tally.offered,
            "succeeded": self.tally.succeeded,
            "failed": self.tally.failed,
            "left_out": self.tally.left_out,
        }


@dataclass(frozen=True)
class Standing:
    id: int
    product: str
    version: str
    site: str | None
    state: RolloutState
    stopped_because: str
    stop_percent: float
    pass_percent: float
    deadline_s: int
    window: Window | None
    asks_approval: bool
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    groups: Sequence[GroupStanding]

    @property
    def tally(self) -> Tally:
        """All groups together."""
        names = ("waiting", "offered", "succeeded", "failed", "left_out")
        return Tally(*(sum(getattr(g.tally, name) for g in self.groups) for name in names))

    @property
    def decided(self) -> int:
        return self.tally.succeeded + self.tally.failed

    @property
    def awaits_approval(self) -> bool:
        return any(group.state == GroupState.AWAITING for group in self.groups)

    def as_document(self) -> Mapping[str, object]:
        """What programs get of it."""
        return {
            "id": self.id,
            "product": self.product,
            "version": self.version,
            "site": self.site,
            "state": self.state,
            "stopped_because": self.stopped_because or None,
            "phones": self.tally.total,
            "succeeded": self.tally.succeeded,
            "failed": self.tally.failed,
            "left_out": self.tally.left_out,
            "stop_at_failures_percent": self.stop_percent,
            "deadline_s": self.deadline_s,
            "window": str(self.window) if self.window else None,
            "groups": [group.as_document() for group in self.groups],
        }


@dataclass(frozen=True)
class TargetStanding:
    """One phone of a rollout."""

    mac: str
    serial: str | None
    site: str | None
    firmware: str | None
    group: int
    state: TargetState
    reason: Reason | None
    offered_at: datetime | None
    decided_at: datetime | None
    last_check_in_at: datetime | None


@dataclass(frozen=True)
class Part:
    """A phone's part in one rollout."""

    rollout: int
    version: str
    rollout_state: RolloutState
    state: TargetState
    reason: Reason | None


def parts_of(session: Session, device: Device, limit: int = 5) -> Sequence[Part]:
    """The last rollouts that a phone is in, the newest first."""
    rows = session.execute(
        select(
            Rollout.id, Rollout.version, Rollout.state, RolloutTarget.state, RolloutTarget.reason
        )
        .join(Rollout, Rollout.id == RolloutTarget.rollout_id)
        .where(RolloutTarget.device_id == device.id)
        .order_by(Rollout.id.desc())
        .limit(limit)
    )
    return [
        Part(
            number,
            version,
            RolloutState(state),
            TargetState(target),
            Reason(reason) if reason else None,
        )
        for number, version, state, target, reason in rows
    ]


def wait_for_somebody(session: Session) -> Sequence[Standing]:
    """The rollouts that stopped themselves, or whose next group awaits approval."""
    awaiting = select(RolloutGroup.rollout_id).where(RolloutGroup.state == GroupState.AWAITING)
    asked = (Rollout.state == RolloutState.RUNNING) & Rollout.id.in_(awaiting)
    query = select(Rollout).where((Rollout.state == RolloutState.STOPPED) | asked)
    return [_standing(session, row) for row in session.scalars(query.order_by(Rollout.id))]


def standing(session: Session, number: int) -> Standing:
    """How this rollout stands; raises UnknownRolloutError."""
    return _standing(session, steering.get(session, number))


def latest(session: Session, limit: int) -> Sequence[Standing]:
    """The newest rollouts first."""
    query = select(Rollout).order_by(Rollout.id.desc()).limit(limit)
    return [_standing(session, row) for row in session.scalars(query)]


def of_release(session: Session, release: Release) -> Sequence[Standing]:
    """The last rollouts of a release, the newest first."""
    query = (
        select(Rollout)
        .where(Rollout.product_id == release.product_id, Rollout.version == release.version)
        .order_by(Rollout.id.desc())
        .limit(OF_RELEASE_MAX)
    )
    return [_standing(session, row) for row in session.scalars(query)]


def names(session: Session, limit: int) -> Sequence[tuple[int, str]]:
    """The numbers of the newest rollouts with their releases."""
    query = select(Rollout).order_by(Rollout.id.desc()).limit(limit)
    return [(row.id, f"{row.product.code} {row.version}") for row in session.scalars(query)]


def targets(
    session: Session,
    number: int,
    state: TargetState | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[Sequence[TargetStanding], int]:
    """The phones of a rollout, those that ask for a look first, and how many there are in all."""
    wanted = [RolloutTarget.rollout_id == number]
    if state is not None:
        wanted.append(RolloutTarget.state == state)
    total = session.scalar(select(func.count()).select_from(RolloutTarget).where(*wanted)) or 0
    rows = session.execute(
        select(
            Device.mac,
            Device.serial,
            Site.name,
            Device.firmware,
            RolloutTarget.group_number,
            RolloutTarget.state,
            RolloutTarget.reason,
            RolloutTarget.offered_at,
            RolloutTarget.decided_at,
            Device.last_check_in_at,
        )
        .join(Device, Device.id == RolloutTarget.device_id)
        .outerjoin(Site, Site.id == Device.site_id)
        .where(*wanted)
        .order_by(RolloutTarget.state != TargetState.FAILED, RolloutTarget.group_number, Device.mac)
        .limit(limit)
        .offset(offset)
    )
    found = [
        TargetStanding(
            mac,
            serial,
            site,
            firmware,
            group + 1,
            TargetState(state_name),
            Reason(reason) if reason else None,
            *moments,
        )
        for mac, serial, site, firmware, group, state_name, reason, *moments in rows
    ]
    return found, total


def _standing(session: Session, rollout: Rollout) -> Standing:
    counts = conducting.tallies(session, rollout.id)
    rows = session.scalars(
        select(RolloutGroup)
        .where(RolloutGroup.rollout_id == rollout.id)
        .order_by(RolloutGroup.number)
    )
    begin, end = rollout.window_from, rollout.window_to
    return Standing(
        id=rollout.id,
        product=rollout.product.code,
        version=rollout.version,
        site=rollout.site.name if rollout.site else None,
        state=RolloutState(rollout.state),
        stopped_because=rollout.stopped_because,
        stop_percent=rollout.stop_percent,
        pass_percent=rollout.pass_percent,
        deadline_s=rollout.deadline_s,
        window=Window(begin, end) if begin is not None and end is not None else None,
        asks_approval=rollout.asks_approval,
        created_by=rollout.created_by,
        created_at=rollout.created_at,
        started_at=rollout.started_at,
        finished_at=rollout.finished_at,
        groups=[
            GroupStanding(
                row.number + 1,
                row.wave,
                GroupState(row.state),
                counts[row.number],
                row.forgiven,
                row.opened_at,
            )
            for row in rows
        ],
    )
