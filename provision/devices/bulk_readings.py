"""Many readings at once: what storing them takes is looked up for all of them together."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provision.devices import readings
from provision.devices.models import Device, Reading
from provision.devices.readings import Attempt, Match, MatchVerdict, judge
from provision.readers.facts import DeviceFacts


def record_many(
    session: Session, attempts: Sequence[tuple[Attempt, str]], now: datetime
) -> Sequence[MatchVerdict | None]:
    """Store attempts, each meant for the device with the MAC beside it; as readings.record."""
    told = [attempt.facts for attempt, _mac in attempts if attempt.facts is not None]
    macs = {mac for _attempt, mac in attempts} | {one.mac.hex for one in told if one.mac}
    by_mac = {one.mac: one for one in session.scalars(select(Device).where(Device.mac.in_(macs)))}
    serials = {one.serial.text for one in told if one.serial}
    by_serial = {
        one.serial: one
        for one in session.scalars(select(Device).where(Device.serial.in_(serials)))
        if one.serial
    }
    last = _last_firmware(session, [one.id for one in (*by_mac.values(), *by_serial.values())])
    verdicts = [
        readings.put(
            session,
            attempt,
            _match(attempt.facts, by_mac, by_serial),
            by_mac.get(mac),
            lambda device: last.get(device.id),
            now,
        )
        for attempt, mac in attempts
    ]
    session.flush()
    return verdicts


def _match(
    facts: DeviceFacts | None, by_mac: Mapping[str, Device], by_serial: Mapping[str, Device]
) -> Match[Device] | None:
    if facts is None:
        return None
    return judge(
        facts,
        by_mac.get(facts.mac.hex) if facts.mac else None,
        by_serial.get(facts.serial.text) if facts.serial else None,
    )


def _last_firmware(session: Session, devices: Sequence[int]) -> Mapping[int | None, str | None]:
    """What the last successful reading of each device found."""
    newest = (
        select(func.max(Reading.id))
        .where(Reading.device_id.in_(devices), Reading.error_code.is_(None))
        .group_by(Reading.device_id)
    )
    rows = session.execute(select(Reading.device_id, Reading.facts).where(Reading.id.in_(newest)))
    return {one.device_id: DeviceFacts.from_record(one.facts).firmware for one in rows if one.facts}
