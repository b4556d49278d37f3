"""What we know of a phone, for the act of a person whose phone it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from accounts.access import Actor
from catalogue.versions import BadVersionError, Version
from firmware.version_marks import marking
from firmware.version_marks.marks import MarkKind
from provision.devices import readings, registry
from provision.devices.identity import BadSerialError, SerialNumber
from provision.devices.models import Device
from storage.clock import MOSCOW
from support.phrases import Phrase
from support.repairs.act import ActPhone
from support.scope import scope_of

_TOLD = {
    "uptime_s": Phrase("работает, с", "uptime, s"),
    "last_reboot_reason": Phrase("причина перезапуска", "last reboot"),
    "poe_class": Phrase("класс PoE", "PoE class"),
    "mos": Phrase("MOS", "MOS"),
    "loss_percent": Phrase("потери, %", "loss, %"),
    "jitter_ms": Phrase("джиттер, мс", "jitter, ms"),
}


@dataclass(frozen=True)
class KnownPhone:
    """The phone's record as the act takes it, and what is known to be wrong with its firmware."""

    phone: ActPhone
    problems: Sequence[str] = ()
    organisation_id: int | None = None


def known_phone(
    session: Session, serial: str, actor: Actor | None, language: str
) -> KnownPhone | None:
    """The phone with this serial, if it is the asker's own, a customer's of theirs, or for staff.

    Anybody else learns nothing: not even that it exists (research §4.3).
    """
    try:
        device = registry.by_serial(session, SerialNumber.parse(serial))
    except BadSerialError:
        return None
    if device is None or actor is None or not is_theirs(session, device, actor):
        return None
    phone = ActPhone(
        serial=device.serial or "",
        fault="",
        product=device.product.code,
        mac=device.mac,
        firmware=device.firmware or "",
        readings=_readings(session, device, language),
    )
    return KnownPhone(phone, _problems(session, device), device.organisation_id)


def is_theirs(session: Session, device: Device, actor: Actor) -> bool:
    """Whether the asker may see this phone's record."""
    return actor.is_staff or scope_of(session, actor).covers(device.organisation_id)


def _readings(session: Session, device: Device, language: str) -> str:
    latest = readings.latest_facts(session, device)
    if latest is None:
        return ""
    at, facts = latest
    told = [
        f"{phrase.text(language)}: {value}"
        for name, phrase in _TOLD.items()
        if (value := getattr(facts, name)) is not None
    ]
    day = at.astimezone(MOSCOW).strftime("%d.%m.%Y %H:%M")
    return f"{day}; {'; '.join(told)}" if told else ""


def _problems(session: Session, device: Device) -> list[str]:
    """Why the version that the phone runs is marked broken: to update may be all it needs."""
    try:
        runs = Version.parse(device.firmware or "")
    except BadVersionError:
        return []
    return [
        row.reason
        for row in marking.of_product(session, device.product)
        if row.kind == MarkKind.BROKEN
        and Version.parse(row.version) == runs
        and row.hardware in {"", device.hardware}
    ]
