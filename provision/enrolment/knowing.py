"""What the register holds already, as far as a table may meet it; asked in batches."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from accounts.models import Organisation, Site
from catalogue.models import HardwareRevision, Product
from provision import profiles
from provision.devices.identity import BadMacError, BadSerialError, MacAddress, SerialNumber
from provision.devices.models import Device, Handover, HandoverKind
from provision.dialects import schema_of
from provision.enrolment.columns import Entry
from provision.enrolment.judging import KnownDevice, Register
from provision.models import Level, ProfileSetting
from provision.profiles import Link
from provision.vocabulary import Value
from storage.installation import Installation
from storage.sealed import Seal, UnsealError

#: SQLite takes 999 values in one question at least.
_BATCH = 400


#: What a table names and a phone's row then points to, in the order in which they are held.
_PLACES = (Organisation.id, Site.id, Product.id, HardwareRevision.id)


@dataclass(frozen=True)
class Places:
    """Products with their revisions, and who owns which site: what new phones are put under."""

    revisions: Mapping[str, Sequence[str]]
    sites: Mapping[str, Sequence[tuple[int, int]]]
    organisations: Mapping[str, int]


def places(session: Session, *, held: bool = False) -> Places:
    """The places as they are now, by columns: rows that this session met before may be old.

    `held`: nobody changes them until the transaction ends, and who is about to is waited for.
    """
    if held:
        # SQLite's writer is alone anyway, and is not asked to hold rows.
        for which in _PLACES:
            session.execute(select(which).order_by(which).with_for_update(read=True)).all()
    revisions: dict[str, list[str]] = {
        code: [] for code in session.scalars(select(Product.code).order_by(Product.code))
    }
    named = select(Product.code, HardwareRevision.name).join(
        HardwareRevision, HardwareRevision.product_id == Product.id
    )
    for code, name in session.execute(named.order_by(HardwareRevision.id)):
        revisions.setdefault(code, []).append(name)
    sites: dict[str, list[tuple[int, int]]] = {}
    where = select(Site.name, Site.id, Site.organisation_id).order_by(Site.id)
    for name, number, owner in session.execute(where):
        sites.setdefault(name, []).append((number, owner))
    owners = session.execute(select(Organisation.name, Organisation.id).order_by(Organisation.id))
    return Places(revisions, sites, {name: number for name, number in owners})  # noqa: C416 - rows are no pairs to mypy


def register_for(
    session: Session,
    place: Installation,
    around: Places,
    entries: Sequence[Entry],
    tell: Callable[[int], None],
) -> Register:
    """The places, and the phones that have a MAC or a serial number of these rows.

    `tell` hears how many rows were looked at.
    """
    by_mac: dict[str, KnownDevice] = {}
    by_serial: dict[str, str] = {}
    for at, part in enumerate(_batches(entries)):
        for one in _devices(session, place.seal, part):
            by_mac[one.mac] = one
            if one.serial:
                by_serial[one.serial] = one.mac
        tell(at * _BATCH + len(part))
    return Register(
        revisions=around.revisions,
        sites=around.sites,
        organisations=around.organisations,
        by_mac=by_mac,
        by_serial=by_serial,
        schema=schema_of(place),
    )


def _devices(session: Session, seal: Seal, entries: Sequence[Entry]) -> Iterator[KnownDevice]:
    macs, serials = _names(entries)
    which: ColumnElement[bool] = or_(Device.mac.in_(macs), Device.serial.in_(serials))
    query = select(
        Device.mac,
        Device.serial,
        Product.code,
        Device.hardware,
        Device.site_id,
        Device.organisation_id,
        Device.group_name,
    ).join(Product, Product.id == Device.product_id)
    papers = _handovers(session, which)
    settings = _settings(session, seal, macs) if any(one.settings for one in entries) else {}
    for row in session.execute(query.where(which)):
        yield KnownDevice(
            *row,
            handovers=frozenset(papers.get(row.mac, ())),
            settings=settings.get(row.mac, {}),
        )


def _settings(
    session: Session, seal: Seal, macs: Sequence[str]
) -> Mapping[str, Mapping[str, Value]]:
    """The own settings of phones by MAC; one that another key file sealed is not known."""
    own = (ProfileSetting.level == Level.DEVICE, ProfileSetting.key.in_(macs))
    found: dict[str, dict[str, Value]] = {}
    for row in session.scalars(select(ProfileSetting).where(*own)):
        setting = profiles.Setting(row.name, Link(Level.DEVICE, row.key), row.value, row.sealed)
        with contextlib.suppress(UnsealError):
            found.setdefault(row.key, {})[row.name] = setting.opened(seal)
    return found


def _handovers(
    session: Session, which: ColumnElement[bool]
) -> Mapping[str, Collection[tuple[date, str]]]:
    """The proved days of handover by MAC, with the paper of each and with its contract."""
    query = select(Device.mac, Handover.on, Handover.reference, Handover.contract)
    found: dict[str, set[tuple[date, str]]] = {}
    query = query.join(Handover, Handover.device_id == Device.id)
    proved = query.where(which, Handover.kind == HandoverKind.CONTRACT)
    for mac, on, reference, contract in session.execute(proved):
        found.setdefault(mac, set()).update({(on, reference), (on, contract)})
    return found


def _names(entries: Sequence[Entry]) -> tuple[Sequence[str], Sequence[str]]:
    macs: list[str] = []
    serials: list[str] = []
    for entry in entries:
        try:
            macs.append(MacAddress.parse(entry.mac).hex)
            if entry.serial:
                serials.append(SerialNumber.parse(entry.serial).text)
        except (BadMacError, BadSerialError):
            continue
    return macs, serials


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), _BATCH):
        yield entries[start : start + _BATCH]
