"""SSH keys of devices: first seen, then confirmed by a person, and never changed in silence.

A key belongs to the unit, not to the address: DHCP moves phones, and a phone that was replaced
under the same record shows another key.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import changes
from provision.devices.changes import Change
from provision.devices.models import Device
from provision.ssh_keys.models import SshKey
from storage.refusals import ConflictError

#: The field of the identity event that a changed key leaves.
FIELD = "ssh_key"
ORIGIN = f"{changes.READING}:ssh"


class OtherKeyError(ConflictError):
    code = "ssh-key-not-shown"
    ru = "Телефон показал другой ключ: посмотрите ещё раз и подтвердите тот, что видите."
    en = "The phone showed another key: look again and confirm the one that you see."


@dataclass(frozen=True)
class KnownKey:
    """What is known of a device's key; `twins` counts other devices that have the same one.

    Phones that were shipped with one shared key prove their model by it, and not who they are.
    """

    pinned: str | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    shown: str | None
    shown_at: datetime | None
    shown_address: str | None
    twins: int = 0


def pinned(session: Session, device: Device) -> str | None:
    """The fingerprint that a person confirmed for this unit."""
    row = _row(session, device)
    return row.pinned if row is not None else None


def known(session: Session, device: Device) -> KnownKey | None:
    """What is known of the device's key, None for nothing."""
    row = _row(session, device)
    if row is None:
        return None
    twins = select(func.count()).where(
        SshKey.pinned == (row.pinned or row.shown), SshKey.device_id != device.id
    )
    return KnownKey(
        pinned=row.pinned,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        shown=row.shown,
        shown_at=row.shown_at,
        shown_address=row.shown_address,
        twins=session.scalar(twins) or 0,
    )


def note_shown(
    session: Session,
    device: Device,
    fingerprint: str,
    address: str,
    now: datetime,
    *,
    expected: str | None,
) -> None:
    """The phone showed a key that is not `expected` (None: none was): a person has to look.

    Another key than the expected one is an event of its identity; nothing was sent to the phone.
    """
    row = _row(session, device)
    if row is None:
        row = session.get(SshKey, device.id) or SshKey(device_id=device.id)
        row.unit, row.pinned, row.confirmed_by, row.confirmed_at = _unit(device), None, None, None
        session.add(row)
    row.shown, row.shown_at, row.shown_address = fingerprint, now, address
    if expected is not None:
        changes.note(
            session, device, Change(now, FIELD, expected, fingerprint, ORIGIN, applied=False)
        )
    session.flush()


def accept(
    session: Session, device: Device, fingerprint: str, *, actor: str, now: datetime
) -> None:
    """Pin the key that the phone showed last; `fingerprint` says which one the person saw."""
    row = _row(session, device)
    if row is None or fingerprint not in {row.shown, row.pinned}:
        raise OtherKeyError
    if fingerprint == row.pinned:
        return
    before = row.pinned
    row.pinned, row.confirmed_by, row.confirmed_at = fingerprint, actor, now
    row.shown = row.shown_at = row.shown_address = None
    audit.record(
        session,
        actor,
        "device.ssh-key.accept",
        device.subject,
        now,
        fingerprint=fingerprint,
        before=before,
    )


def _row(session: Session, device: Device) -> SshKey | None:
    """The device's row while it is of the same unit."""
    row = session.get(SshKey, device.id)
    return row if row is not None and row.unit == _unit(device) else None


def _unit(device: Device) -> str:
    return device.serial or device.mac
