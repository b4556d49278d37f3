"""The register of devices: adding them, and finding one by MAC, serial number or address."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import ip_address

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from accounts import audit, users
from accounts.models import Organisation, Site
from catalogue import products
from catalogue.models import Product
from provision.devices.identity import BadMacError, BadSerialError, MacAddress, SerialNumber
from provision.devices.models import DEFAULT_CHANNEL, Device, Handover, HandoverKind
from provision.devices.summary import DeviceSummary, HandoverEvidence
from storage.refusals import ConflictError, NotFoundError, RefusedError

REFERENCE_LENGTH_MAX = 200


class DeviceExistsError(ConflictError):
    code = "device-exists"
    field = "mac"
    ru = "Телефон с MAC {mac} уже есть."
    en = "A device with the MAC {mac} already exists."


class SerialTakenError(ConflictError):
    code = "serial-taken"
    field = "serial"
    ru = "Серийный номер {serial} уже у телефона {mac}."
    en = "The serial number {serial} already belongs to the device {mac}."


class UnknownDeviceError(NotFoundError):
    code = "unknown-device"
    ru = "Нет телефона «{name}»: ищите по MAC, серийному номеру или последнему адресу."
    en = "There is no device “{name}”: look by MAC, serial number or last address."


class UnknownHardwareError(RefusedError):
    code = "unknown-hardware"
    field = "hardware"
    ru = "У изделия {product} нет ревизии «{hardware}»: есть {known}."
    en = "The product {product} has no hardware revision “{hardware}”: it has {known}."


class HandoverReferenceError(RefusedError):
    code = "handover-reference"
    field = "reference"
    ru = "Назовите документ, который подтверждает дату: до {limit} знаков."
    en = "Name the paper that proves the date, in at most {limit} characters."


@dataclass(frozen=True)
class NewDevice:
    """A device to add; site and organisation by name, the organisation follows from the site."""

    mac: MacAddress
    product: str
    serial: SerialNumber | None = None
    hardware: str | None = None
    site: str | None = None
    organisation: str | None = None
    group: str = ""
    channel: str = DEFAULT_CHANNEL


@dataclass(frozen=True)
class NewHandover:
    """A proof to record: `reference` names the paper, `contract` the supply contract if any."""

    kind: HandoverKind
    on: date
    reference: str
    contract: str = ""


def add_device(session: Session, new: NewDevice, *, actor: str, now: datetime) -> Device:
    """Store a device; a taken MAC or serial, an unknown product, revision or site is refused."""
    product = products.get(session, new.product)
    site = users.site(session, new.site) if new.site else None
    owner = _owner(session, new.organisation, site)
    if by_mac(session, new.mac) is not None:
        raise DeviceExistsError(mac=new.mac.hex)
    if new.serial is not None:
        _require_free(session, new.serial)
    device = Device(
        mac=new.mac.hex,
        serial=new.serial.text if new.serial else None,
        serial_raw=new.serial.raw if new.serial else "",
        product=product,
        hardware=_hardware(product, new.hardware),
        site=site,
        organisation=owner,
        group_name=new.group,
        channel=new.channel,
        created_at=now,
    )
    session.add(device)
    session.flush()
    audit.record(session, actor, "device.add", device.subject, now, product=product.code)
    return device


#: Each fetch asks it: putting it together costs as much as asking.
_BY_MAC = select(Device).where(Device.mac == bindparam("mac"))


def by_mac(session: Session, mac: MacAddress) -> Device | None:
    """The device with this MAC."""
    return session.scalar(_BY_MAC, {"mac": mac.hex})


def by_serial(session: Session, serial: SerialNumber) -> Device | None:
    """The device with this serial number, compared in its normal form."""
    return session.scalar(select(Device).where(Device.serial == serial.text))


def by_address(session: Session, address: str) -> Device | None:
    """The device last seen at this address; of several, the one seen there most recently."""
    query = (
        select(Device)
        .where(Device.address == address)
        .order_by(Device.last_check_in_at.desc().nulls_last(), Device.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def find(session: Session, text: str) -> Device:
    """The device that `text` names: an address, a MAC in any spelling, or a serial number."""
    found = next((device for device in _candidates(session, text.strip()) if device), None)
    if found is None:
        raise UnknownDeviceError(name=text.strip()[:64])
    return found


def get(session: Session, mac: str) -> Device:
    """The device with this MAC, in any spelling; raises UnknownDeviceError for anything else."""
    try:
        found = by_mac(session, MacAddress.parse(mac))
    except BadMacError:
        found = None
    if found is None:
        raise UnknownDeviceError(name=mac[:64])
    return found


def summary(session: Session, text: str) -> DeviceSummary:
    """What others may know of the device that `text` names; raises UnknownDeviceError."""
    return DeviceSummary.of(find(session, text))


def summary_by_serial(session: Session, serial: SerialNumber) -> DeviceSummary | None:
    """The device with exactly this serial number, never one found by address or MAC."""
    found = by_serial(session, serial)
    return DeviceSummary.of(found) if found else None


def add_handover(
    session: Session, device: Device, new: NewHandover, *, actor: str, now: datetime
) -> HandoverEvidence:
    """Record a proof; the same kind, day and paper twice is one proof."""
    reference = new.reference.strip()
    if not 0 < len(reference) <= REFERENCE_LENGTH_MAX:
        raise HandoverReferenceError(limit=REFERENCE_LENGTH_MAX)
    known = session.scalar(
        select(Handover).where(
            Handover.device_id == device.id,
            Handover.kind == new.kind,
            Handover.on == new.on,
            Handover.reference == reference,
        )
    )
    if known is not None:
        return HandoverEvidence.of(known)
    row = Handover(
        device_id=device.id,
        kind=new.kind,
        on=new.on,
        reference=reference,
        contract=new.contract.strip(),
        recorded_by=actor,
        recorded_at=now,
    )
    session.add(row)
    day = new.on.isoformat()
    audit.record(
        session,
        actor,
        "device.handover",
        device.subject,
        now,
        kind=new.kind,
        on=day,
        paper=reference,
    )
    return HandoverEvidence.of(row)


def handovers(session: Session, mac: str) -> Sequence[HandoverEvidence]:
    """Every proof recorded for the device with this MAC, in the order of recording."""
    query = (
        select(Handover)
        .join(Device, Device.id == Handover.device_id)
        .where(Device.mac == mac)
        .order_by(Handover.id)
    )
    return [HandoverEvidence.of(row) for row in session.scalars(query)]


def _candidates(session: Session, text: str) -> Sequence[Device | None]:
    """An address first: 10.0.0.1 would pass for a serial number."""
    with contextlib.suppress(ValueError):
        return [by_address(session, str(ip_address(text)))]
    found: list[Device | None] = []
    with contextlib.suppress(BadMacError):
        found.append(by_mac(session, MacAddress.parse(text)))
    with contextlib.suppress(BadSerialError):
        found.append(by_serial(session, SerialNumber.parse(text)))
    return found


def _require_free(session: Session, serial: SerialNumber) -> None:
    holder = by_serial(session, serial)
    if holder is not None:
        raise SerialTakenError(serial=serial.text, mac=holder.mac)


def _hardware(product: Product, wanted: str | None) -> str | None:
    """The revision asked for; the only one there is where nothing was asked."""
    if wanted is None:
        return product.revisions[0] if len(product.revisions) == 1 else None
    if wanted not in product.revisions:
        known = ", ".join(product.revisions)
        raise UnknownHardwareError(product=product.code, hardware=wanted[:16], known=known)
    return wanted


def _owner(session: Session, name: str | None, site: Site | None) -> Organisation | None:
    if name:
        return users.organisation(session, name)
    return session.get(Organisation, site.organisation_id) if site else None
