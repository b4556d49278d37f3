"""Making and stopping a resync: whom it asks is settled once, in its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from accounts import audit, users
from provision.devices import registry
from provision.devices.models import Device
from provision.resyncs.models import Resync, ResyncTarget
from provision.resyncs.vocabulary import ResyncState, Scope, TargetState
from provision.rollouts import standing as rollout_standing
from provision.rollouts.models import RolloutTarget
from provision.rollouts.vocabulary import TargetState as RolloutTargetState
from storage.refusals import NotFoundError, RefusedError

DEFAULT_RATE = 10
RATE_MAX = 200
NAMED_MAX = 1000


class UnknownResyncError(NotFoundError):
    code = "unknown-resync"
    ru = "Просьбы выйти на связь № {number} нет."
    en = "There is no resync {number}."


class NobodyToAskError(RefusedError):
    code = "nobody-to-ask"
    field = "name"
    ru = "Просить некого: здесь нет ни одного телефона."
    en = "There is nobody to ask: no phone is there."


class ManyNamesError(RefusedError):
    code = "many-names"
    field = "name"
    ru = "По именам — до {limit} телефонов за раз; больше — площадкой или развёртыванием."
    en = "By name, at most {limit} phones at a time; more by a site or a rollout."


class SeveralScopesError(RefusedError):
    code = "several-scopes"
    ru = "Назовите что-нибудь одно: телефоны, площадку или развёртывание."
    en = "Name one thing: phones, a site or a rollout."


class BadResyncRateError(RefusedError):
    code = "bad-resync-rate"
    field = "rate"
    ru = "Скорость — целое число от 1 до {limit} телефонов в секунду."
    en = "The rate is a whole number from 1 to {limit} phones a second."


class UnknownGroupError(NotFoundError):
    code = "unknown-rollout-group"
    field = "group"
    ru = "В развёртывании № {rollout} нет группы {group}."
    en = "The rollout {rollout} has no group {group}."


@dataclass(frozen=True)
class NewResync:
    """Whom to ask (phones by any name, a site, or a rollout and perhaps a group from 1), and how.

    `rate` is phones a second.
    """

    devices: Sequence[str] = ()
    site: str | None = None
    rollout: int | None = None
    group: int | None = None
    reboot: bool = False
    rate: int = DEFAULT_RATE


def start(
    session: Session, new: NewResync, *, actor: str, now: datetime, owner: str | None = None
) -> int:
    """Store whom to ask; the number of the resync.

    `owner` is the process without which nobody goes on with it; None where a job does.
    """
    if sum(bool(one) for one in (new.devices, new.site, new.rollout)) != 1:
        raise SeveralScopesError
    if not 1 <= new.rate <= RATE_MAX:
        raise BadResyncRateError(limit=RATE_MAX)
    scope, about, whom = _chosen(session, new)
    resync = Resync(
        scope=scope,
        about=about,
        group_number=new.group,
        reboot=new.reboot,
        rate=new.rate,
        state=ResyncState.RUNNING,
        started_by=actor,
        started_at=now,
        owner=owner,
    )
    session.add(resync)
    session.flush()
    if not _store(session, resync, whom):
        raise NobodyToAskError
    details = {"group": new.group} if new.group else {}
    audit.record(
        session,
        actor,
        "resync.start",
        resync.subject,
        now,
        **details,
        scope=scope.value,
        about=about,
        reboot=new.reboot,
    )
    return resync.id


def stop(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """Ask nobody more; those who were asked may still answer."""
    resync = get(session, number)
    if resync.state != ResyncState.RUNNING:
        return
    resync.state, resync.finished_at = ResyncState.STOPPED, now
    left = update(ResyncTarget).where(
        ResyncTarget.resync_id == number, ResyncTarget.state == TargetState.WAITING
    )
    session.execute(left.values(state=TargetState.LEFT))
    audit.record(session, actor, "resync.stop", resync.subject, now)


def get(session: Session, number: int) -> Resync:
    """The resync of that number; raises UnknownResyncError."""
    found = session.get(Resync, number)
    if found is None:
        raise UnknownResyncError(number=number)
    return found


def _chosen(session: Session, new: NewResync) -> tuple[Scope, str, Select[Any]]:
    """The scope, its name, and the numbers of its devices."""
    if new.devices:
        if len(new.devices) > NAMED_MAX:
            raise ManyNamesError(limit=NAMED_MAX)
        found = [registry.find(session, name) for name in new.devices]
        about = ", ".join(dict.fromkeys(one.mac for one in found))
        return Scope.DEVICES, about, _where(Device.id.in_({one.id for one in found}))
    if new.site:
        site = users.site(session, new.site)
        return Scope.SITE, site.name, _where(Device.site_id == site.id)
    assert new.rollout is not None, "one of the three was named"
    return Scope.ROLLOUT, str(new.rollout), _of_rollout(session, new.rollout, new.group)


def _where(wanted: ColumnElement[bool]) -> Select[Any]:
    return select(Device.id).where(wanted)


def _of_rollout(session: Session, number: int, group: int | None) -> Select[Any]:
    """Its phones but those that it leaves out; raises UnknownRolloutError or UnknownGroupError."""
    groups = rollout_standing.standing(session, number).groups
    wanted = [
        RolloutTarget.rollout_id == number,
        RolloutTarget.state != RolloutTargetState.LEFT_OUT,
    ]
    if group is not None:
        if group not in {one.number for one in groups}:
            raise UnknownGroupError(rollout=number, group=group)
        wanted.append(RolloutTarget.group_number == group - 1)
    return select(RolloutTarget.device_id).where(*wanted)


def _store(session: Session, resync: Resync, whom: Select[Any]) -> int:
    """A row for each phone, in one statement however many there are; their number."""
    numbers = whom.subquery()
    rows = select(
        literal(resync.id),
        numbers.c[0],
        literal(TargetState.WAITING.value),
        literal(""),
        literal(0),
    )
    names = ["resync_id", "device_id", "state", "reason", "sent"]
    done = session.execute(insert(ResyncTarget).from_select(names, rows))
    return cast("CursorResult[Any]", done).rowcount
