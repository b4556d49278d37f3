"""The history of a device's identity: what it said of itself before, and what it says now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.devices.models import Device, IdentityEvent

CHECK_IN = "check-in"
READING = "reading"
REPAIR = "repair"
SWEEP = "sweep"


@dataclass(frozen=True)
class Change:
    """`field` went from `old` to `new`; when not `applied`, the record only disagrees."""

    at: datetime
    field: str
    old: str | None
    new: str
    origin: str
    applied: bool


def note(session: Session, device: Device, change: Change) -> None:
    """Store a change; a disagreement that was the last word on its field is not repeated."""
    last = session.scalar(
        select(IdentityEvent)
        .where(IdentityEvent.device_id == device.id, IdentityEvent.field == change.field)
        .order_by(IdentityEvent.id.desc())
        .limit(1)
    )
    repeated = last is not None and not (last.applied or change.applied) and last.new == change.new
    if repeated:
        return
    session.add(
        IdentityEvent(
            device_id=device.id,
            at=change.at,
            field=change.field,
            old=change.old,
            new=change.new,
            origin=change.origin,
            applied=change.applied,
        )
    )
    session.flush()


def of_device(
    session: Session, device: Device, limit: int, before: datetime | None = None
) -> Sequence[Change]:
    """The newest changes first, those before an instant if one is given."""
    query = (
        select(IdentityEvent)
        .where(IdentityEvent.device_id == device.id)
        .order_by(IdentityEvent.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(IdentityEvent.at < before)
    return [
        Change(row.at, row.field, row.old, row.new, row.origin, row.applied)
        for row in session.scalars(query)
    ]
