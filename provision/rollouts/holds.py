"""Holds and pins: a device that is offered nothing, or one version only."""

from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue.versions import Version
from provision.devices.models import Device, Hold
from storage.db import UtcDateTime
from storage.refusals import RefusedError


class HoldReasonError(RefusedError):
    code = "hold-reason"
    field = "reason"
    ru = "Напишите, почему телефон удерживается от обновления."
    en = "Say why the device is held back from updates."


_NOW = bindparam("now", type_=UtcDateTime())
#: Each fetch asks it: putting it together costs as much as asking.
_HELD = (
    select(Hold)
    .where(Hold.device_id == bindparam("held_device_id"), Hold.since <= _NOW)
    .where(or_(Hold.until.is_(None), Hold.until > _NOW))
    .order_by(Hold.id.desc())
    .limit(1)
)


def held(session: Session, device: Device, now: datetime) -> Hold | None:
    """The hold that is on now, if any."""
    return session.scalar(_HELD, {"held_device_id": device.id, "now": now})


def hold(session: Session, device: Device, reason: str, *, actor: str, now: datetime) -> None:
    """Offer the device nothing from now on; twice is once."""
    reason = reason.strip()
    if not reason:
        raise HoldReasonError
    if held(session, device, now) is not None:
        return
    session.add(Hold(device_id=device.id, since=now, reason=reason[:500], set_by=actor))
    audit.record(session, actor, "device.hold", device.subject, now, reason=reason[:500])


def release_hold(session: Session, device: Device, *, actor: str, now: datetime) -> None:
    """Lift the hold, if there is one."""
    found = held(session, device, now)
    if found is not None:
        found.until = now
        audit.record(session, actor, "device.release", device.subject, now)


def pin(
    session: Session, device: Device, version: str | None, *, actor: str, now: datetime
) -> None:
    """Keep the device at `version`, or (None) let it follow its channel; raises BadVersionError."""
    device.pinned_version = Version.parse(version).text if version else None
    audit.record(session, actor, "device.pin", device.subject, now, version=device.pinned_version)
