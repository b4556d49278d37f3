"""Making a rollout: who would be in which group, and the rows of it."""

import math
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import Site
from catalogue import products
from catalogue.models import Product
from firmware import releases
from provision.rollouts import fleet, waves
from provision.rollouts.models import Rollout, RolloutGroup, RolloutTarget
from provision.rollouts.vocabulary import (
    UNFINISHED,
    GroupState,
    Reason,
    RolloutState,
    TargetState,
)
from provision.rollouts.waves import Wave
from provision.rollouts.windows import Window
from storage.refusals import ConflictError, NotFoundError, RefusedError

DEADLINE = timedelta(hours=24)
SETTLE = timedelta(minutes=5)
DEADLINE_MAX = timedelta(days=90)
SHOWN = 10


class NoPhonesError(RefusedError):
    code = "rollout-without-phones"
    ru = "Ни один телефон {product} не может получить {version}: {reasons}."
    en = "No {product} phone can take {version}: {reasons}."


class UnknownSiteError(NotFoundError):
    code = "unknown-site"
    field = "site"
    ru = "Площадки «{site}» нет."
    en = "There is no site “{site}”."


class SeveralSitesError(RefusedError):
    code = "several-sites"
    field = "site"
    ru = "Площадок «{site}» несколько: назовите так, чтобы была одна."
    en = "There are several sites “{site}”: give it a name of its own."


class BadLimitError(RefusedError):
    code = "bad-rollout-limit"
    field = "stop"
    ru = "Порог отказов — число больше 0 и не больше 100, срок — не больше 90 дней."
    en = "The threshold is above 0 and at most 100, the deadline at most 90 days."


class OverlapError(ConflictError):
    code = "rollout-overlaps"
    field = "version"
    ru = "Эти телефоны уже получают {version}: развёртывание № {number} не окончено."
    en = "These phones are getting {version} already: rollout {number} is not over."


@dataclass(frozen=True)
class NewRollout:
    """What to roll out, to whom, how carefully. Percents are of a group's phones."""

    product: str
    version: str
    site: str | None = None
    waves: Sequence[Wave] = (Wave(),)
    stop_percent: float = 5.0
    pass_percent: float = 90.0
    deadline: timedelta = DEADLINE
    settle: timedelta = SETTLE
    window: Window | None = None
    asks_approval: bool = False


@dataclass(frozen=True)
class PlannedGroup:
    """A group as it would be: its phones, the first of them by name, those left out by reason."""

    wave: Wave
    phones: int
    first: Sequence[str]
    left_out: Mapping[Reason, int]


@dataclass(frozen=True)
class Plan:
    groups: Sequence[PlannedGroup]

    @property
    def phones(self) -> int:
        return sum(group.phones for group in self.groups)

    @property
    def left_out(self) -> Mapping[Reason, int]:
        found: Counter[Reason] = Counter()
        for group in self.groups:
            found.update(group.left_out)
        return found


@dataclass(frozen=True)
class _Seat:
    device_id: int
    mac: str
    group: int
    obstacle: Reason | None


def preview(session: Session, new: NewRollout, now: datetime) -> Plan:
    """Who would be in, by group; nothing is stored."""
    new, product, site = _checked(session, new)
    # Which phones the shares take depends on a salt that is not drawn yet: numbers are the same.
    return _plan(new, _seats(session, new, product, site, secrets.token_hex(8), now))


def create(session: Session, new: NewRollout, *, actor: str, now: datetime) -> int:
    """Store a rollout that has not begun; from now on its version goes out by rollouts alone."""
    _lock(session, new.product)
    new, product, site = _checked(session, new)
    salt = secrets.token_hex(8)
    seats = _seats(session, new, product, site, salt, now)
    plan = _plan(new, seats)
    if plan.phones + plan.left_out.get(Reason.CHANNEL, 0) == 0:
        reasons = ", ".join(sorted(plan.left_out)) or "no phones"
        raise NoPhonesError(product=product.code, version=new.version, reasons=reasons)
    rollout = _row(new, product, site, salt, actor, now)
    session.add(rollout)
    session.flush()
    session.add_all(
        RolloutGroup(rollout_id=rollout.id, number=n, wave=wave.text, state=GroupState.PLANNED)
        for n, wave in enumerate(new.waves)
    )
    session.flush()
    # Plain rows: a hundred thousand objects would hold the writers' lock for long.
    session.execute(insert(RolloutTarget), [_target(rollout.id, seat) for seat in seats])
    audit.record(
        session,
        actor,
        "rollout.create",
        rollout.subject,
        now,
        product=product.code,
        version=rollout.version,
        phones=plan.phones,
    )
    session.flush()
    return rollout.id


def _target(rollout_id: int, seat: _Seat) -> Mapping[str, object]:
    return {
        "rollout_id": rollout_id,
        "device_id": seat.device_id,
        "group_number": seat.group,
        "state": TargetState.LEFT_OUT if seat.obstacle else TargetState.WAITING,
        "reason": seat.obstacle,
    }


def _lock(session: Session, product: str) -> None:
    """Let one transaction at a time make a rollout of a product: it looks for others first."""
    session.execute(
        select(Product.id).where(Product.code == product).with_for_update(key_share=True)
    )


def _checked(session: Session, new: NewRollout) -> tuple[NewRollout, Product, Site | None]:
    """The rollout with its version as the release spells it, and what it names."""
    product = products.get(session, new.product)
    release = releases.get(session, product, new.version)
    if not (math.isfinite(new.stop_percent) and 0 < new.stop_percent <= 100):
        raise BadLimitError
    if not timedelta(seconds=1) <= new.deadline <= DEADLINE_MAX:
        raise BadLimitError
    site = _site(session, new.site) if new.site else None
    for wave in new.waves:
        if wave.site is not None:
            _site(session, wave.site)
    going = session.scalars(
        select(Rollout).where(
            Rollout.product_id == product.id,
            Rollout.version == release.version,
            Rollout.state.in_(UNFINISHED),
        )
    )
    for other in going:
        if site is None or other.site_id is None or other.site_id == site.id:
            raise OverlapError(version=release.version, number=other.id)
    return replace(new, version=release.version), product, site


def _site(session: Session, name: str) -> Site:
    found = session.scalars(select(Site).where(Site.name == name)).all()
    if not found:
        raise UnknownSiteError(site=name[:80])
    if len(found) > 1:
        raise SeveralSitesError(site=name)
    return found[0]


def _seats(
    session: Session,
    new: NewRollout,
    product: Product,
    site: Site | None,
    salt: str,
    now: datetime,
) -> Sequence[_Seat]:
    """Every phone with its group; shares are of those that can take the release in time."""
    fit = fleet.fitness(session, product, new.version)
    found = [
        (one, fit.obstacle(one.phone))
        for one in fleet.phones(session, product.id, site.id if site else None, now)
    ]
    # Who follows a channel that lacks the release yet is in as soon as it is promoted there.
    in_time = [one.member for one, stop in found if stop in {None, Reason.CHANNEL}]
    able = waves.assign(in_time, new.waves, salt)
    return [
        _Seat(one.device_id, one.phone.mac, _group(one.member, able, new.waves, salt), stop)
        for one, stop in found
    ]


def _group(member: waves.Member, able: Mapping[str, int], groups: Sequence[Wave], salt: str) -> int:
    found = able.get(member.mac)
    return waves.place_of(member, groups, salt) if found is None else found


def _plan(new: NewRollout, seats: Sequence[_Seat]) -> Plan:
    return Plan(
        tuple(
            _planned(wave, [seat for seat in seats if seat.group == number])
            for number, wave in enumerate(new.waves)
        )
    )


def _planned(wave: Wave, seats: Sequence[_Seat]) -> PlannedGroup:
    able = [seat.mac for seat in seats if seat.obstacle is None]
    out = Counter(seat.obstacle for seat in seats if seat.obstacle is not None)
    return PlannedGroup(wave, len(able), able[:SHOWN], out)


def _row(
    new: NewRollout, product: Product, site: Site | None, salt: str, actor: str, now: datetime
) -> Rollout:
    return Rollout(
        product_id=product.id,
        version=new.version,
        site_id=site.id if site else None,
        salt=salt,
        state=RolloutState.DRAFT,
        stop_percent=new.stop_percent,
        pass_percent=new.pass_percent,
        deadline_s=round(new.deadline.total_seconds()),
        settle_s=round(new.settle.total_seconds()),
        window_from=new.window.begin if new.window else None,
        window_to=new.window.end if new.window else None,
        asks_approval=new.asks_approval,
        created_by=actor,
        created_at=now,
    )
