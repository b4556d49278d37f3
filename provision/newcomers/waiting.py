"""The phones that wait, by MAC: what each said of itself, how often and from where.

They called, or a sweep met them, or both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.orm import Session

from catalogue import products
from catalogue.products import UnknownProductError
from provision import credentials
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.devices.models import Device
from provision.devices.registry import NewDevice
from provision.families.family import Families
from provision.families.identification import PhoneRequest, identify
from provision.models import CheckIn
from provision.newcomers import sightings
from provision.newcomers.sightings import Sighting
from storage.refusals import NotFoundError

LISTED_MAX = 500


class UnknownNewcomerError(NotFoundError):
    code = "unknown-newcomer"
    ru = (
        "Телефон {mac} не выходил на связь и не встречался обходам за последнее время"
        " или уже принят."
    )
    en = "The phone {mac} has not called lately and no sweep met it, or it is in the register."


@dataclass(frozen=True)
class Newcomer:
    """One MAC that nobody proved; all of it but the counts and addresses is the phone's word.

    `sweep` is the last one that met it; who never called has no calls and no family.
    """

    mac: str
    calls: int
    first_seen_at: datetime
    last_seen_at: datetime
    addresses: Sequence[str]
    user_agent: str
    family: str | None
    product: str | None
    firmware: str | None
    serial: str | None = None
    hardware: str | None = None
    sweep: int | None = None


def waiting(session: Session, families: Families, now: datetime) -> Sequence[Newcomer]:
    """The latest, whoever was heard or met last first; at most LISTED_MAX."""
    met = {one.mac: one for one in sightings.latest(session, now)}
    rows = session.execute(_calls().order_by(func.max(CheckIn.id).desc()).limit(LISTED_MAX))
    callers = [_caller(session, families, row) for row in rows]
    found = [_with(caller, met.pop(caller.mac, None)) for caller in callers]
    found += [_met(one) for one in met.values()]
    return sorted(found, key=lambda one: one.last_seen_at, reverse=True)[:LISTED_MAX]


def count(session: Session, now: datetime) -> int:
    """How many phones wait; LISTED_MAX stands for that many or more."""
    callers = session.scalars(_calls().with_only_columns(CheckIn.mac).limit(LISTED_MAX))
    met = {one.mac for one in sightings.latest(session, now)}
    return min(LISTED_MAX, len(met.union(mac for mac in callers if mac)))


def one(session: Session, families: Families, mac: MacAddress, now: datetime) -> Newcomer:
    """The one with this MAC; raises UnknownNewcomerError."""
    row = session.execute(_calls().where(CheckIn.mac == mac.hex)).first()
    met = sightings.of(session, mac, now)
    if row is not None:
        return _with(_caller(session, families, row), met)
    if met is not None:
        return _met(met)
    raise UnknownNewcomerError(mac=mac.colons)


def suggested_product(session: Session, newcomer: Newcomer) -> str | None:
    """The product of the catalogue that the phone says it is, if there is one."""
    try:
        return products.get(session, (newcomer.product or "").upper()).code
    except UnknownProductError:
        return None


def enrol(session: Session, new: NewDevice, *, actor: str, now: datetime) -> tuple[Device, str]:
    """Take a phone in, its calls with it; the device and its token, which is shown once."""
    device = registry.add_device(session, new, actor=actor, now=now)
    calls = update(CheckIn).where(CheckIn.mac == device.mac, CheckIn.device_id.is_(None))
    session.execute(calls.values(device_id=device.id))
    return device, credentials.issue_token(session, device, actor=actor, now=now)


def _calls() -> Select[str | None, int, datetime, datetime, int]:
    known = select(Device.id).where(Device.mac == CheckIn.mac).exists()
    return (
        select(
            CheckIn.mac,
            func.count(CheckIn.id),
            func.min(CheckIn.at),
            func.max(CheckIn.at),
            func.max(CheckIn.id),
        )
        .where(CheckIn.device_id.is_(None), CheckIn.mac.is_not(None), ~known)
        .group_by(CheckIn.mac)
    )


def _met(sighting: Sighting) -> Newcomer:
    """Who never called."""
    return Newcomer(
        mac=sighting.mac,
        calls=0,
        first_seen_at=sighting.at,
        last_seen_at=sighting.at,
        addresses=[sighting.address],
        user_agent="",
        family=None,
        product=sighting.product,
        firmware=sighting.firmware,
        serial=sighting.serial,
        hardware=sighting.hardware,
        sweep=sighting.sweep,
    )


def _with(caller: Newcomer, sighting: Sighting | None) -> Newcomer:
    """A caller with what a sweep knows besides; of two words of the phone its call counts."""
    if sighting is None:
        return caller
    return replace(
        caller,
        first_seen_at=min(caller.first_seen_at, sighting.at),
        last_seen_at=max(caller.last_seen_at, sighting.at),
        addresses=sorted({*caller.addresses, sighting.address}),
        product=caller.product or sighting.product,
        firmware=caller.firmware or sighting.firmware,
        serial=sighting.serial,
        hardware=sighting.hardware,
        sweep=sighting.sweep,
    )


def _caller(
    session: Session, families: Families, row: Row[str | None, int, datetime, datetime, int]
) -> Newcomer:
    mac, calls, first, last, newest = row
    assert mac is not None, "calls without a MAC are not asked for"
    agent = session.scalar(select(CheckIn.user_agent).where(CheckIn.id == newest)) or ""
    heard = select(CheckIn.address).where(CheckIn.mac == mac, CheckIn.device_id.is_(None))
    said = identify(PhoneRequest("GET", "/", agent, ""), families)
    return Newcomer(
        mac=mac,
        calls=calls,
        first_seen_at=first,
        last_seen_at=last,
        addresses=sorted(session.scalars(heard.distinct().limit(5))),
        user_agent=agent,
        family=said.family.value if said.family else None,
        product=said.product.value if said.product else None,
        firmware=said.firmware.value if said.firmware else None,
    )
