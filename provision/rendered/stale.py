"""Which kept configurations are stale: those whose inputs changed since, and what to do with them.

Nothing marks them: the revisions that the database counts tell, whatever changed and by whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVarTuple, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    distinct,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from provision.devices.models import Device
from provision.phone_fetches.checkin_lines import microseconds
from provision.rendered.keeping import Kept
from provision.rendered.models import EVERY_DEVICE, Rendered, RenderingRevision

_OWN = aliased(RenderingRevision)
_TABLE = cast("Table", Rendered.__table__)

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class Seen:
    """A place in the order of last check-ins, the newest first; behind all, who has none (None)."""

    at: datetime | None
    mac: str


@dataclass(frozen=True)
class Stale:
    """A row as it was found; it is written only while it is still this one."""

    request_sha256: bytes
    credential_id: int
    revision: int
    device_revision: int
    press: bytes
    sealed: bytes = field(repr=False)


def revision(session: Session) -> int:
    """The revision of what configurations have in common."""
    every = RenderingRevision.device_id == EVERY_DEVICE
    return session.scalar(select(RenderingRevision.revision).where(every)) or 0


def count(session: Session, press: bytes) -> int:
    """How many devices have something stale."""
    found = _stale(session, select(func.count(distinct(Rendered.device_id))), press)
    return session.scalar(found) or 0


def not_come(session: Session, press: bytes, now: datetime) -> tuple[int, int]:
    """Of the phones that have never come: for how many something is ready, and is awaited."""
    awaited = Device.first_seen_at.is_(None)
    total = select(func.count(distinct(Rendered.device_id)))
    total = total.join(Device, Device.id == Rendered.device_id).where(awaited)
    # What is made for a guess that cannot be made has ended long ago.
    given = or_(Rendered.until_us.is_(None), Rendered.until_us > microseconds(now))
    current = Rendered.device_id.not_in(_stale(session, select(Rendered.device_id), press))
    return session.scalar(total.where(given, current)) or 0, session.scalar(total) or 0


def devices(session: Session, press: bytes, limit: int, after: Seen | None) -> Sequence[Seen]:
    """The next devices that have something stale, behind `after`, last seen first.

    They come out of an index in that order, and no more of them are looked at than it takes. Then
    come those that were never heard, by their MACs.
    """
    found: list[Seen] = []
    if after is None or after.at is not None:
        found += _heard(session, press, limit, after)
        after = None
    if len(found) < limit:
        found += _unheard(session, press, limit - len(found), after.mac if after else "")
    return found


def _heard(session: Session, press: bytes, limit: int, after: Seen | None) -> Sequence[Seen]:
    kept = _stale(session, select(Rendered.device_id), press)
    has_stale = kept.where(Rendered.device_id == Device.id).correlate(Device).exists()
    asked = select(Device.last_check_in_at, Device.mac).where(has_stale)
    asked = asked.where(Device.last_check_in_at.is_not(None))
    if after is not None:
        same = and_(Device.last_check_in_at == after.at, Device.mac < after.mac)
        asked = asked.where(or_(Device.last_check_in_at < after.at, same))
        # Said once more by itself: by this one the index is entered.
        asked = asked.where(Device.last_check_in_at <= after.at)
    asked = asked.order_by(Device.last_check_in_at.desc(), Device.mac.desc()).limit(limit)
    return [Seen(at, mac) for at, mac in session.execute(asked)]


def _unheard(session: Session, press: bytes, limit: int, after: str) -> Sequence[Seen]:
    asked = select(Device.mac).select_from(Rendered).join(Device, Device.id == Rendered.device_id)
    asked = _stale(session, asked, press).where(Device.last_check_in_at.is_(None))
    asked = asked.where(Device.mac > after).distinct().order_by(Device.mac).limit(limit)
    return [Seen(None, mac) for mac in session.scalars(asked)]


def rows(session: Session, press: bytes, device_ids: Sequence[int]) -> Sequence[Stale]:
    """What is kept for these devices and stale."""
    asked = select(
        Rendered.request_sha256,
        Rendered.credential_id,
        Rendered.revision,
        Rendered.device_revision,
        Rendered.press,
        Rendered.sealed,
    )
    found = _stale(session, asked, press).where(Rendered.device_id.in_(device_ids))
    return [Stale(*row) for row in session.execute(found)]


def replace(session: Session, made: Sequence[tuple[Stale, Kept]]) -> None:
    """Put what was made in the place of what was stale, unless a fetch came before."""
    changes = [_named(before) | _values(kept) for before, kept in made]
    if changes:
        names = ("request_sha256", "press", "revision", "device_revision", "until_us", "sealed")
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        session.execute(update(_TABLE).where(_is_this_one()).values(values), changes)


def drop(session: Session, dropped: Sequence[Stale]) -> None:
    """Forget what nobody gets any more."""
    if dropped:
        session.execute(delete(_TABLE).where(_is_this_one()), [_named(one) for one in dropped])


def _stale(session: Session, asked: Select[*Columns], press: bytes) -> Select[*Columns]:
    changed = or_(
        Rendered.revision != revision(session),
        Rendered.device_revision != func.coalesce(_OWN.revision, 0),
        Rendered.press != press,
    )
    return asked.outerjoin(_OWN, _OWN.device_id == Rendered.device_id).where(changed)


def _is_this_one() -> ColumnElement[bool]:
    return and_(
        Rendered.request_sha256 == bindparam("old_request_sha256"),
        Rendered.revision == bindparam("old_revision"),
        Rendered.device_revision == bindparam("old_device_revision"),
        Rendered.press == bindparam("old_press"),
    )


def _named(row: Stale) -> dict[str, Any]:
    return {
        "old_request_sha256": row.request_sha256,
        "old_revision": row.revision,
        "old_device_revision": row.device_revision,
        "old_press": row.press,
    }


def _values(kept: Kept) -> dict[str, Any]:
    until = kept.standing.until
    return {
        # The same, unless it is of a first fetch that is guessed otherwise now.
        "new_request_sha256": kept.request_sha256,
        "new_press": kept.press,
        "new_revision": kept.standing.revision,
        "new_device_revision": kept.standing.device_revision,
        "new_until_us": None if until is None else microseconds(until),
        "new_sealed": kept.sealed,
    }
