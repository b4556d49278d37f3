"""Gathers what is stored of a unit and of who spoke in its name, and asks verdicts.judging."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from firmware.version_marks.known_versions import known_versions
from provision.devices import changes
from provision.devices.models import Device, Handover, HandoverKind, IdentityEvent, Reading
from provision.families.family import Families
from provision.families.identification import PhoneRequest, Strength, identify
from provision.models import CheckIn
from provision.readers.facts import DeviceFacts
from provision.verdicts import board_swaps
from provision.verdicts.judging import judge
from provision.verdicts.unit import Judgement, Paper, Sighting, Unit

#: The newest of each kind that are looked at; the oldest ones are asked for beside them.
READINGS = 100
VISITS = 30
EVENTS = 50
TO_USER = frozenset(
    {HandoverKind.CONTRACT, HandoverKind.USER_DOCUMENT, HandoverKind.PARTNER_REPORT}
)


def of_device(session: Session, device: Device, families: Families) -> tuple[Judgement, ...]:
    """The verdicts on a device as of now."""
    unit = _unit(session, device)
    sightings = [
        *_readings(session, device),
        *_visits(session, device, families),
        *_disputes(session, device),
        *_strangers(session, device),
        *_unproved(session, device, families),
    ]
    return judge(unit, sightings, known_versions(session, device.product))


def of_facts(
    session: Session, told: Iterable[Sighting], families: Families
) -> tuple[Judgement, ...]:
    """The verdicts on whoever answered: on the device of its MAC or serial, or on a stranger."""
    sightings = list(told)
    device = next((found for one in sightings if (found := _named(session, one))), None)
    return of_device(session, device, families) if device else judge(None, sightings)


def sighting(reading_at: Sighting, facts: DeviceFacts) -> Sighting:
    """A reading as a sighting: `reading_at` says when, how and where."""
    return Sighting(
        at=reading_at.at,
        origin=reading_at.origin,
        strength=reading_at.strength,
        serial=facts.serial.text if facts.serial else None,
        mac=facts.mac.hex if facts.mac else None,
        address=reading_at.address,
        firmware=facts.firmware,
    )


def _named(session: Session, one: Sighting) -> Device | None:
    named = or_(Device.mac == one.mac, Device.serial == one.serial)
    found = session.scalars(select(Device).where(named)).all()
    return next((device for device in found if device.mac == one.mac), next(iter(found), None))


def _unit(session: Session, device: Device) -> Unit:
    papers = session.scalars(select(Handover).where(Handover.device_id == device.id))
    events = changes.of_device(session, device, EVENTS)
    told = [event.new for event in events if event.field == "serial"]
    first = [event for event in events if event.field == "serial" and event.applied]
    taken = select(Device.serial).where(Device.serial.in_(told), Device.id != device.id)
    return Unit(
        mac=device.mac,
        serial=device.serial,
        serial_told=any(event.new == device.serial for event in first),
        papers=tuple(Paper(row.on, row.reference, row.kind in TO_USER) for row in papers),
        explained=board_swaps.explained(session, device),
        taken=frozenset(serial for serial in session.scalars(taken) if serial),
    )


def _readings(session: Session, device: Device) -> Iterator[Sighting]:
    mine = select(Reading).where(Reading.device_id == device.id, Reading.error_code.is_(None))
    newest = session.scalars(mine.order_by(Reading.id.desc()).limit(READINGS)).all()
    rows = list(newest)
    if len(rows) == READINGS:
        rows += session.scalars(mine.order_by(Reading.id).limit(1)).all()
    yield from (found for row in rows if (found := _read(row)) is not None)


def _read(row: Reading) -> Sighting | None:
    if row.facts is None:
        return None
    where = Sighting(row.at, row.via, Strength.READ, address=row.address)
    return sighting(where, DeviceFacts.from_record(row.facts))


def _visits(session: Session, device: Device, families: Families) -> Iterator[Sighting]:
    """The phone's own proved check-ins, and the first of them."""
    query = (
        select(CheckIn)
        .where(CheckIn.device_id == device.id, CheckIn.strength == "proved")
        .order_by(CheckIn.at.desc())
        .limit(VISITS)
    )
    for row in session.scalars(query):
        certified = row.proof == "certificate"
        strength = Strength.CERTIFIED if certified else Strength.PROVED
        yield _visit(row, families, strength, device.mac)
    for at in (device.first_seen_at, device.last_check_in_at):
        if at is not None:
            yield Sighting(at, changes.CHECK_IN, Strength.PROVED, mac=device.mac)


def _visit(row: CheckIn, families: Families, strength: Strength, mac: str | None) -> Sighting:
    """A check-in; what its User-Agent says counts where that names the same MAC."""
    said = identify(PhoneRequest("GET", "/", row.user_agent, row.address), families)
    same = said.mac is not None and said.mac.value.hex == mac
    return Sighting(
        at=row.at,
        origin=changes.CHECK_IN,
        strength=strength,
        serial=said.serial.value.text if same and said.serial else None,
        mac=mac,
        address=row.address,
        firmware=row.firmware,
    )


def _disputes(session: Session, device: Device) -> Iterator[Sighting]:
    """What the device's own events tell beyond the latest readings and check-ins."""
    for event in changes.of_device(session, device, EVENTS):
        if event.applied or event.origin.startswith(board_swaps.ORIGIN):
            continue
        if event.field == "serial":
            yield _heard(event.at, event.origin, serial=event.new, mac=device.mac)
        elif event.field == "mac":
            yield _heard(event.at, event.origin, serial=device.serial, mac=event.new)


def _strangers(session: Session, device: Device) -> Iterator[Sighting]:
    """Other devices on record that told this one's serial, and when they last did."""
    if device.serial is None:
        return
    query = (
        select(IdentityEvent)
        .where(IdentityEvent.field == "serial", IdentityEvent.new == device.serial)
        .where(IdentityEvent.device_id != device.id)
        .order_by(IdentityEvent.id.desc())
        .limit(EVENTS)
    )
    for event in session.scalars(query).all():
        other = session.get_one(Device, event.device_id)
        yield _heard(event.at, event.origin, serial=device.serial, mac=other.mac)
        yield from (one for one in _readings(session, other) if one.serial == device.serial)


def _unproved(session: Session, device: Device, families: Families) -> Sequence[Sighting]:
    """Phones on no record that claim this serial; anybody can, so it is a claim and no more."""
    if device.serial is None:
        return []
    names = {device.serial, device.serial_raw or device.serial}
    query = (
        select(CheckIn)
        .where(CheckIn.device_id.is_(None), CheckIn.mac.is_not(None))
        .where(or_(*(CheckIn.user_agent.contains(name, autoescape=True) for name in names)))
        .order_by(CheckIn.id.desc())
        .limit(EVENTS)
    )
    found = [_visit(row, families, Strength.CLAIMED, row.mac) for row in session.scalars(query)]
    return [one for one in found if one.serial == device.serial]


def _heard(at: datetime, origin: str, *, serial: str | None, mac: str) -> Sighting:
    way = origin.removeprefix(f"{changes.READING}:")
    strength = Strength.PROVED if origin == changes.CHECK_IN else Strength.READ
    return Sighting(at, way, strength, serial=serial, mac=mac)
