"""Readings in the records: whose facts they are, what they add, and what they contradict.

A reading never takes anything away: what a phone did not tell stays known, and a serial number
that differs from the record is an event to look at, not a correction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Generic, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.devices import changes, registry
from provision.devices.changes import Change
from provision.devices.models import Device, Reading
from provision.readers.errors import ReadError
from provision.readers.facts import DeviceFacts, Difference, differences


class MatchVerdict(StrEnum):
    """How facts fit the records. MATCHED: each of MAC and serial that both know agrees."""

    MATCHED = "matched"
    NEW = "new"
    SERIAL_DIFFERS = "serial-differs"
    MAC_DIFFERS = "mac-differs"
    TWO_DEVICES = "two-devices"
    NAMELESS = "nameless"


@dataclass(frozen=True)
class OnRecord:
    """What judging takes of a device, without the rest of its row."""

    id: int
    mac: str
    serial: str | None


Known = TypeVar("Known", Device, OnRecord)


@dataclass(frozen=True)
class Match(Generic[Known]):
    """The verdict, and the device that the facts belong to (by MAC before serial)."""

    verdict: MatchVerdict
    device: Known | None


@dataclass(frozen=True)
class Attempt:
    """One attempt to read `address`: its facts or its failure, who asked for it, by which lane."""

    address: str
    via: str
    asked_by: str
    facts: DeviceFacts | None = None
    error: ReadError | None = None
    transcript: str | None = None
    lane: str | None = None


@dataclass(frozen=True)
class ReadingSummary:
    """One stored attempt; `changed` is what differs from the reading before it."""

    at: datetime
    address: str
    via: str
    asked_by: str
    verdict: MatchVerdict | None
    facts: DeviceFacts | None
    error_code: str | None
    error_text_ru: str | None
    error_text_en: str | None
    changed: Sequence[Difference] = ()
    transcript: str | None = None
    lane: str | None = None

    def error_text(self, language: str) -> str | None:
        return self.error_text_ru if language == "ru" else self.error_text_en


def match(session: Session, facts: DeviceFacts) -> Match[Device]:
    """Which device the facts are of, and whether MAC and serial agree about it."""
    if facts.mac is None and facts.serial is None:
        return Match(MatchVerdict.NAMELESS, None)
    by_mac = registry.by_mac(session, facts.mac) if facts.mac else None
    by_serial = registry.by_serial(session, facts.serial) if facts.serial else None
    return judge(facts, by_mac, by_serial)


def judge(facts: DeviceFacts, by_mac: Known | None, by_serial: Known | None) -> Match[Known]:
    """The verdict on facts, given the devices on record with that MAC and with that serial."""
    if facts.mac is None and facts.serial is None:
        return Match(MatchVerdict.NAMELESS, None)
    found = by_mac or by_serial
    if found is None:
        return Match(MatchVerdict.NEW, None)
    if by_mac and by_serial and by_mac.id != by_serial.id:
        return Match(MatchVerdict.TWO_DEVICES, by_mac)
    if by_mac is None and facts.mac is not None:
        return Match(MatchVerdict.MAC_DIFFERS, found)
    if by_serial is None and facts.serial is not None and found.serial is not None:
        return Match(MatchVerdict.SERIAL_DIFFERS, found)
    return Match(MatchVerdict.MATCHED, found)


def record(
    session: Session, attempt: Attempt, *, now: datetime, asked: Device | None = None
) -> MatchVerdict | None:
    """Store an attempt to read; `asked` is the device it was meant for, if a device was named.

    The verdict is None for a failure, which is stored as an answer too.
    """
    found = match(session, attempt.facts) if attempt.facts else None
    verdict = put(session, attempt, found, asked, partial(_last_firmware, session), now)
    session.flush()
    return verdict


def put(
    session: Session,
    attempt: Attempt,
    found: Match[Device] | None,
    asked: Device | None,
    last_firmware: Callable[[Device], str | None],
    now: datetime,
) -> MatchVerdict | None:
    """`record` for who knows already whose facts these are, and what was read there last."""
    nameless = found is None or found.verdict is MatchVerdict.NAMELESS
    device = asked if nameless else found.device if found else None
    if attempt.facts and device is not None:
        verdict = found.verdict if found else MatchVerdict.NAMELESS
        _learn(session, device, attempt, verdict, last_firmware, now)
    session.add(_row(attempt, device, found.verdict if found else None, now))
    return found.verdict if found else None


def of_device(
    session: Session, device: Device, limit: int, before: datetime | None = None
) -> Sequence[ReadingSummary]:
    """The newest readings first, each with what changed since the one before it."""
    query = (
        select(Reading)
        .where(Reading.device_id == device.id)
        .order_by(Reading.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Reading.at < before)
    rows = session.scalars(query).all()
    summaries: list[ReadingSummary] = []
    last: DeviceFacts | None = None
    for row in reversed(rows):
        facts = DeviceFacts.from_record(row.facts) if row.facts else None
        changed = _identity_changes(last, facts)
        summaries.append(_summary(row, facts, changed))
        last = facts or last
    return summaries[::-1][:limit]


def latest_facts(session: Session, device: Device) -> tuple[datetime, DeviceFacts] | None:
    """What the last successful reading found, and when."""
    row = session.scalar(
        select(Reading)
        .where(Reading.device_id == device.id, Reading.error_code.is_(None))
        .order_by(Reading.id.desc())
        .limit(1)
    )
    return (row.at, DeviceFacts.from_record(row.facts)) if row and row.facts else None


class _Note(Protocol):
    def __call__(self, field: str, old: str | None, new: str, *, applied: bool) -> None: ...


# What of a phone is its identity; uptime and call quality differ in every reading.
_LASTING = frozenset(
    {"product", "hardware", "serial", "mac", "firmware", "ip", "vlan", "neighbour"}
)


def _identity_changes(
    before: DeviceFacts | None, after: DeviceFacts | None
) -> Sequence[Difference]:
    if before is None or after is None:
        return ()
    return [found for found in differences(before, after) if found.name in _LASTING]


def _last_firmware(session: Session, device: Device) -> str | None:
    last = latest_facts(session, device)
    return last[1].firmware if last else None


def _learn(
    session: Session,
    device: Device,
    attempt: Attempt,
    verdict: MatchVerdict,
    last_firmware: Callable[[Device], str | None],
    now: datetime,
) -> None:
    """Take over what the record lacks, and note what the record or the last reading contradicts."""
    facts = attempt.facts
    assert facts is not None, "only a reading that found something teaches"
    origin = f"{changes.READING}:{attempt.via}"

    def note(field: str, old: str | None, new: str, *, applied: bool) -> None:
        changes.note(session, device, Change(now, field, old, new, origin, applied))

    if verdict is MatchVerdict.MATCHED:
        device.address = attempt.address
        if device.serial is None and facts.serial is not None:
            device.serial, device.serial_raw = facts.serial.text, facts.serial.raw
            note("serial", None, facts.serial.text, applied=True)
    elif facts.serial is not None and facts.serial.text != device.serial:
        note("serial", device.serial, facts.serial.text, applied=False)
    if facts.mac is not None and facts.mac.hex != device.mac:
        note("mac", device.mac, facts.mac.hex, applied=False)
    if facts.product is not None and facts.product != device.product.code:
        note("product", device.product.code, facts.product, applied=False)
    _learn_hardware(device, facts, note)
    _learn_firmware(device, facts, last_firmware, note, now)


def _learn_hardware(device: Device, facts: DeviceFacts, note: _Note) -> None:
    if facts.hardware is None or facts.hardware == device.hardware:
        return
    known = facts.hardware in device.product.revisions
    applied = device.hardware is None and known
    note("hardware", device.hardware, facts.hardware, applied=applied)
    if applied:
        device.hardware = facts.hardware


def _learn_firmware(
    device: Device,
    facts: DeviceFacts,
    last_firmware: Callable[[Device], str | None],
    note: _Note,
    now: datetime,
) -> None:
    """What a proved phone says of itself outranks a reading, unless it never spoke."""
    if facts.firmware is None:
        return
    before = last_firmware(device) or device.firmware
    unheard = device.last_check_in_at is None
    if facts.firmware != before:
        note("firmware", before, facts.firmware, applied=unheard)
    if unheard:
        device.firmware, device.firmware_seen_at = facts.firmware, now


def _row(
    attempt: Attempt, device: Device | None, verdict: MatchVerdict | None, now: datetime
) -> Reading:
    error = attempt.error
    return Reading(
        device_id=device.id if device else None,
        at=now,
        address=attempt.address,
        via=attempt.via,
        facts=attempt.facts.as_record() if attempt.facts else None,
        verdict=verdict,
        error_code=error.code if error else None,
        error_text_ru=error.text("ru") if error else None,
        error_text_en=error.text("en") if error else None,
        asked_by=attempt.asked_by,
        transcript=attempt.transcript,
        lane=attempt.lane,
    )


def _summary(
    row: Reading, facts: DeviceFacts | None, changed: Sequence[Difference]
) -> ReadingSummary:
    return ReadingSummary(
        at=row.at,
        address=row.address,
        via=row.via,
        asked_by=row.asked_by,
        verdict=MatchVerdict(row.verdict) if row.verdict else None,
        facts=facts,
        error_code=row.error_code,
        error_text_ru=row.error_text_ru,
        error_text_en=row.error_text_en,
        changed=changed,
        transcript=row.transcript,
        lane=row.lane,
    )
