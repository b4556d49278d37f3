"""Check-ins: every request of a phone that says something, as our own record of what happened.

A download is written when it begins and again when it ends, so that one in progress and one cut
by our own death can be told apart from one that was finished.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from provision import credentials
from provision.devices import changes, registry
from provision.devices.changes import Change
from provision.devices.models import Device
from provision.families.identification import Identity, Strength
from provision.models import CheckIn, CheckInKind

USER_AGENT_LENGTH_MAX = 512
#: What nobody proved is kept for a week, and never more than this many rows.
UNKNOWN_KEPT = timedelta(days=7)
UNKNOWN_ROWS_MAX = 20_000
KEPT = timedelta(days=400)


@dataclass(frozen=True)
class Visit:
    """One request as it is recorded. Versions and user agents are the phone's words."""

    at: datetime
    kind: CheckInKind
    method: str
    path_kind: str
    status: int
    address: str
    user_agent: str
    mac: str | None = None
    firmware: str | None = None
    proof: str | None = None
    revision: str | None = None
    version: str | None = None
    total_bytes: int | None = None


@dataclass(frozen=True)
class SentBytes:
    """What one answer sent of a file: bytes of the file, from `first_byte` on."""

    first_byte: int
    bytes_sent: int
    bytes_planned: int
    complete: bool


def record(session: Session, visit: Visit) -> int:
    """Store a check-in under the device whose MAC it names, if we know it; the row's number."""
    # The number alone: a row read for known MACs only would tell them apart by the time it takes.
    device_id = session.scalar(select(Device.id).where(Device.mac == visit.mac))
    row = CheckIn(
        device_id=device_id,
        mac=visit.mac,
        at=visit.at,
        kind=visit.kind,
        method=printable(visit.method)[:16],
        path_kind=visit.path_kind,
        status=visit.status,
        address=visit.address,
        user_agent=printable(visit.user_agent),
        firmware=visit.firmware,
        strength="proved" if visit.proof else "claimed",
        proof=visit.proof,
        revision=visit.revision,
        version=visit.version,
        total_bytes=visit.total_bytes,
    )
    session.add(row)
    session.flush()
    return row.id


def finish(session: Session, check_in_id: int, status: int, sent: SentBytes, now: datetime) -> None:
    """Note how much of a download went out; the phone may have hung up in the middle."""
    row = session.get(CheckIn, check_in_id)
    if row is None:
        return
    row.status = status
    row.finished_at = now
    row.first_byte = sent.first_byte
    row.bytes_sent = sent.bytes_sent
    row.bytes_planned = sent.bytes_planned
    row.complete = sent.complete


def note_proved(
    session: Session, identity: Identity, credential_id: int, address: str, now: datetime
) -> None:
    """A device proved itself: it is alive, at this address, with the firmware that it says.

    What it says counts only where its User-Agent names the proved MAC; a boot loader's version
    never becomes its firmware. A serial number or revision that differs from the record is noted
    as an event and changes nothing.
    """
    device = registry.by_mac(session, identity.mac.value) if identity.mac else None
    if device is None:
        return
    credentials.note_use(session, credential_id, now)
    device.first_seen_at = device.first_seen_at or now
    device.last_check_in_at = now
    device.address = address
    _note_firmware(session, device, identity, now)
    _note_labels(session, device, identity, now)


def prune(session: Session, now: datetime) -> int:
    """Forget old check-ins, and those of unknown phones beyond a bound; how many."""
    unknown = CheckIn.device_id.is_(None)
    newest = session.scalar(select(func.max(CheckIn.id)).where(unknown)) or 0
    too_many = CheckIn.id <= newest - UNKNOWN_ROWS_MAX
    too_old = CheckIn.at < now - UNKNOWN_KEPT
    outlived = or_(CheckIn.at < now - KEPT, and_(unknown, or_(too_many, too_old)))
    result = session.execute(delete(CheckIn).where(outlived))
    return cast("CursorResult[Any]", result).rowcount


def printable(text: str) -> str:
    """A header as a record may hold it: control and other odd characters escaped, cut at 512."""
    shown = (
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:USER_AGENT_LENGTH_MAX]
    )
    return "".join(shown)[:USER_AGENT_LENGTH_MAX]


def _note_firmware(session: Session, device: Device, identity: Identity, now: datetime) -> None:
    said = identity.firmware
    if said is None or said.strength < Strength.PROVED:
        return
    if said.value != device.firmware:
        change = Change(
            at=now,
            field="firmware",
            old=device.firmware,
            new=said.value,
            origin=changes.CHECK_IN,
            applied=True,
        )
        changes.note(session, device, change)
    device.firmware, device.firmware_seen_at = said.value, now


def _note_labels(session: Session, device: Device, identity: Identity, now: datetime) -> None:
    """Serial, revision and product as the phone says them, against the record."""

    def compare(field: str, known: str | None, said: str, *, applied: bool) -> None:
        if said != known:
            change = Change(now, field, known, said, changes.CHECK_IN, applied)
            changes.note(session, device, change)

    serial, hardware, product = identity.serial, identity.hardware, identity.product
    if serial is not None and serial.strength >= Strength.PROVED:
        new = device.serial is None and registry.by_serial(session, serial.value) is None
        compare("serial", device.serial, serial.value.text, applied=new)
        if new:
            device.serial, device.serial_raw = serial.value.text, serial.value.raw
    if hardware is not None and hardware.strength >= Strength.PROVED:
        new = device.hardware is None and hardware.value in device.product.revisions
        compare("hardware", device.hardware, hardware.value, applied=new)
        device.hardware = hardware.value if new else device.hardware
    if product is not None and product.strength >= Strength.PROVED:
        compare("product", device.product.code, product.value, applied=False)
