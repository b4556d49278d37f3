"""Check-ins: every request of a phone that says something, as our own record of what happened.

A download is written when it begins and again when it ends, so that one in progress and one cut
by our own death can be told apart from one that was finished.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar, cast

from sqlalchemy import CursorResult, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from provision import credentials
from provision.devices import changes, registry
from provision.devices.changes import Change
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.models import Device
from provision.families.identification import Claim, Identity, Strength
from provision.models import CheckIn, CheckInKind, DeviceCredential

USER_AGENT_LENGTH_MAX = 512
#: What nobody proved is kept for a week, and never more than this many rows.
UNKNOWN_KEPT = timedelta(days=7)
UNKNOWN_ROWS_MAX = 20_000
KEPT = timedelta(days=400)

T = TypeVar("T")


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
    hint: str | None = None


@dataclass(frozen=True)
class SentBytes:
    """What one answer sent of a file: bytes of the file, from `first_byte` on."""

    first_byte: int
    bytes_sent: int
    bytes_planned: int
    complete: bool


@dataclass(frozen=True)
class SelfReport:
    """A device that proved itself, and what it says of itself under that proof."""

    mac: str
    credential_id: int
    firmware: str | None = None
    serial: SerialNumber | None = None
    hardware: str | None = None
    product: str | None = None

    @classmethod
    def of(cls, identity: Identity, credential_id: int) -> Self | None:
        """What an identity comes to. Words count only where they are as strong as the proof."""
        if identity.mac is None:
            return None
        return cls(
            mac=identity.mac.value.hex,
            credential_id=credential_id,
            firmware=_proved(identity.firmware),
            serial=_proved(identity.serial),
            hardware=_proved(identity.hardware),
            product=_proved(identity.product),
        )


@dataclass(frozen=True)
class Heard:
    """A report, from where and when."""

    said: SelfReport
    address: str
    at: datetime


def record(session: Session, visit: Visit) -> int:
    """Store a check-in under the device whose MAC it names, if we know it; the row's number."""
    # The number alone: a row read for known MACs only would tell them apart by the time it takes.
    device_id = session.scalar(select(Device.id).where(Device.mac == visit.mac))
    row = CheckIn(device_id=device_id, **_columns(visit))
    session.add(row)
    session.flush()
    return row.id


def record_all(session: Session, visits: Sequence[Visit]) -> None:
    """Store many check-ins in their order, each under its device."""
    macs = {visit.mac for visit in visits}
    found = session.execute(select(Device.mac, Device.id).where(Device.mac.in_(macs)))
    device_ids = {row.mac: row.id for row in found}
    rows = [{"device_id": device_ids.get(visit.mac or ""), **_columns(visit)} for visit in visits]
    if rows:
        session.execute(insert(CheckIn), rows)


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


def note_proved(session: Session, said: SelfReport, address: str, now: datetime) -> None:
    """A device proved itself: it is alive, at this address, with the firmware that it says.

    What it says counts only where its User-Agent names the proved MAC; a boot loader's version
    never becomes its firmware. A serial number or revision that differs from the record is noted
    as an event and changes nothing. Told late, it does not undo what was heard since.
    """
    device = registry.by_mac(session, MacAddress(said.mac))
    if device is not None:
        _note(session, device, Heard(said, address, now))


def note_all(session: Session, heard: Sequence[Heard]) -> None:
    """Note many proved devices in their order, as note_proved does one."""
    macs = {one.said.mac for one in heard}
    found = session.scalars(select(Device).where(Device.mac.in_(macs)))
    devices = {device.mac: device for device in found}
    # Loaded at once and held here, so that each is found without a query of its own.
    numbers = {one.said.credential_id for one in heard}
    held = session.scalars(select(DeviceCredential).where(DeviceCredential.id.in_(numbers))).all()
    for one in heard:
        if one.said.mac in devices:
            _note(session, devices[one.said.mac], one)
    del held


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


def _columns(visit: Visit) -> dict[str, Any]:
    """A visit as the columns of its row."""
    shown = {
        "method": printable(visit.method)[:16],
        "user_agent": printable(visit.user_agent),
        "strength": "proved" if visit.proof else "claimed",
    }
    return asdict(visit) | shown


def _note(session: Session, device: Device, heard: Heard) -> None:
    credentials.note_use(session, heard.said.credential_id, heard.at)
    device.first_seen_at = device.first_seen_at or heard.at
    if device.last_check_in_at is not None and heard.at < device.last_check_in_at:
        return
    device.last_check_in_at = heard.at
    device.address = heard.address
    _note_firmware(session, device, heard.said, heard.at)
    _note_labels(session, device, heard.said, heard.at)


def _proved(claim: Claim[T] | None) -> T | None:
    return claim.value if claim is not None and claim.strength >= Strength.PROVED else None


def _note_firmware(session: Session, device: Device, said: SelfReport, now: datetime) -> None:
    known_at = device.firmware_seen_at
    if said.firmware is None or (known_at is not None and now < known_at):
        return
    if said.firmware != device.firmware:
        change = Change(
            at=now,
            field="firmware",
            old=device.firmware,
            new=said.firmware,
            origin=changes.CHECK_IN,
            applied=True,
        )
        changes.note(session, device, change)
    device.firmware, device.firmware_seen_at = said.firmware, now


def _note_labels(session: Session, device: Device, said: SelfReport, now: datetime) -> None:
    """Serial, revision and product as the phone says them, against the record."""

    def compare(field: str, known: str | None, told: str, *, applied: bool) -> None:
        if told != known:
            change = Change(now, field, known, told, changes.CHECK_IN, applied)
            changes.note(session, device, change)

    serial = said.serial
    if serial is not None:
        new = device.serial is None and registry.by_serial(session, serial) is None
        compare("serial", device.serial, serial.text, applied=new)
        if new:
            device.serial, device.serial_raw = serial.text, serial.raw
    if said.hardware is not None:
        new = device.hardware is None and said.hardware in device.product.revisions
        compare("hardware", device.hardware, said.hardware, applied=new)
        device.hardware = said.hardware if new else device.hardware
    if said.product is not None:
        compare("product", device.product.code, said.product, applied=False)
