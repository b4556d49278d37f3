"""Which release a device is due: nothing while it is on hold or its records disagree.

The choice itself is firmware.offering's; here a device becomes a recipient.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue.versions import Version
from firmware import offering
from firmware.offering import OfferedRelease, Recipient
from provision.devices.models import Device, Hold
from provision.families.identification import Identity, Strength
from storage.refusals import RefusedError


class HoldReasonError(RefusedError):
    code = "hold-reason"
    field = "reason"
    ru = "Напишите, почему аппарат удерживается от обновления."
    en = "Say why the device is held back from updates."


def recipient_of(device: Device, identity: Identity | None = None) -> Recipient | None:
    """What the offer is decided on; `identity` is what the device says now, while proved.

    None when its firmware or hardware is unknown, or when it says that it is another product or
    revision than recorded: a wrong image may end a phone.
    """
    version = _said(device.firmware, identity, "firmware")
    hardware = _said(device.hardware, identity, "hardware")
    product = _said(device.product.code, identity, "product")
    if version is None or hardware is None or product != device.product.code:
        return None
    if device.hardware is not None and hardware != device.hardware:
        return None
    return Recipient(
        product_code=device.product.code,
        hardware=hardware,
        version=version,
        channel=device.channel,
        mac=device.mac,
        pinned=device.pinned_version,
    )


def release_due(
    session: Session, device: Device, now: datetime, identity: Identity | None = None
) -> OfferedRelease | None:
    """The one next release that the device takes, or None."""
    recipient = recipient_of(device, identity)
    if recipient is None or held(session, device, now) is not None:
        return None
    return offering.release_due(session, recipient)


def held(session: Session, device: Device, now: datetime) -> Hold | None:
    """The hold that is on now, if any."""
    return session.scalar(
        select(Hold)
        .where(Hold.device_id == device.id, Hold.since <= now)
        .where(or_(Hold.until.is_(None), Hold.until > now))
        .order_by(Hold.id.desc())
        .limit(1)
    )


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


def _said(known: str | None, identity: Identity | None, field: str) -> str | None:
    """The proved device's own word on a field, else what is recorded."""
    claim = getattr(identity, field) if identity else None
    return claim.value if claim and claim.strength >= Strength.PROVED else known
