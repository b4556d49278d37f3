"""Lists of devices: search, filters and order for the page, a cursor for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Site
from catalogue.models import Product
from provision.devices import searching
from provision.devices.models import Device
from provision.devices.summary import DeviceSummary

_SORTS: dict[str, InstrumentedAttribute[object]] = {
    "mac": Device.mac,
    "serial": Device.serial,
    "product": Product.code,
    "hardware": Device.hardware,
    "firmware": Device.firmware,
    "site": Site.name,
    "last_check_in": Device.last_check_in_at,
}
SORTS = tuple(_SORTS)
#: These come out of an index in this order, forwards or backwards.
_BY_INDEX: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "mac": (Device.mac,),
    "serial": (Device.serial,),
    "firmware": (Device.firmware, Device.mac),
    "last_check_in": (Device.last_check_in_at, Device.mac),
}
#: So many are counted, as counting a million takes longer than showing them.
COUNTED_MAX = 10_000


@dataclass(frozen=True)
class DeviceFilter:
    """Which devices are wanted; an empty field asks for nothing. `sort` is one of SORTS.

    `organisations` narrows it to theirs; an empty tuple is nobody's, None is everybody's.
    """

    text: str = ""
    product: str = ""
    site: str = ""
    sort: str = "mac"
    descending: bool = False
    organisations: tuple[int, ...] | None = None


@dataclass(frozen=True)
class DevicePage:
    """A part of a list; `total` fit in all, or more than that: past COUNTED_MAX nobody counts.

    `is_bounded`: the fleet is large, so beginnings and ends were looked at alone.
    """

    devices: Sequence[DeviceSummary]
    total: int
    is_more: bool
    is_bounded: bool = False


def page(session: Session, wanted: DeviceFilter, *, limit: int, offset: int = 0) -> DevicePage:
    """`limit` devices from place `offset` on in the wanted order, and how many there are in all."""
    ids, is_bounded = _found(session, wanted)
    counted = ids.limit(COUNTED_MAX + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    shown = _shown(session, ids, wanted, limit, offset)
    is_more = total > COUNTED_MAX
    return DevicePage(_summaries(session, shown), total - is_more, is_more, is_bounded)


def count(session: Session, wanted: DeviceFilter) -> int:
    """How many devices are wanted, however many they are."""
    return _number(session, _filtered(session, wanted))


def after(
    session: Session, wanted: DeviceFilter, *, limit: int, mac: str = ""
) -> Sequence[DeviceSummary]:
    """The next `limit` devices by MAC, behind `mac`: a cursor that additions do not shift."""
    query = _filtered(session, wanted).where(Device.mac > mac).order_by(Device.mac).limit(limit)
    return _summaries(session, session.scalars(query).all())


def every(session: Session, wanted: DeviceFilter) -> Sequence[DeviceSummary]:
    """All devices that are wanted, by MAC."""
    wanted_ids = _filtered(session, wanted)
    rows = session.scalars(select(Device).where(Device.id.in_(wanted_ids)).order_by(Device.mac))
    return [DeviceSummary.of(device) for device in rows]


def site_names(session: Session) -> Sequence[str]:
    """The names of the sites that have devices."""
    has_devices = exists().where(Device.site_id == Site.id)
    return session.scalars(
        select(Site.name).where(has_devices).distinct().order_by(Site.name)
    ).all()


def _filtered(session: Session, wanted: DeviceFilter) -> Select[int]:
    """The ids of what is wanted, in no order."""
    return _found(session, wanted)[0]


def _found(session: Session, wanted: DeviceFilter) -> tuple[Select[int], bool]:
    """The ids of what is wanted, in no order, and whether the search was a bounded one."""
    query = select(Device.id)
    if wanted.organisations is not None:
        query = query.where(Device.organisation_id.in_(wanted.organisations))
    if wanted.product:
        query = query.where(
            Device.product_id.in_(_ids(session, Product.id, Product.code == wanted.product))
        )
    if wanted.site:
        query = query.where(Device.site_id.in_(_ids(session, Site.id, Site.name == wanted.site)))
    search = searching.search(session, wanted.text, query)
    if search.condition is not None:
        query = query.where(search.condition)
    return query, search.is_bounded


def _ids(
    session: Session, column: InstrumentedAttribute[int], condition: ColumnElement[bool]
) -> Sequence[int]:
    """Asked first, so that the database sees how few there are."""
    return session.scalars(select(column).where(condition)).all()


def _shown(
    session: Session, ids: Select[int], wanted: DeviceFilter, limit: int, offset: int
) -> Sequence[int]:
    """A page of ids by the wanted column, devices that have nothing there last."""
    if wanted.sort in _SORTS and wanted.sort not in _BY_INDEX:
        return session.scalars(_sorted(ids, wanted).limit(limit).offset(offset)).all()
    # Said with “nulls last”, no index would be used: those that have something come first, by the
    # index one way or the other, and those that have nothing are asked for where they are reached.
    order = _BY_INDEX.get(wanted.sort, (Device.mac,))
    present = ids.where(order[0].is_not(None))
    by_index = present.order_by(*(one.desc() if wanted.descending else one for one in order))
    shown = session.scalars(by_index.limit(limit).offset(offset)).all()
    if len(shown) == limit or order[0] is Device.mac:
        return shown
    passed = 0 if shown or not offset else offset - _number(session, present)
    absent = ids.where(order[0].is_(None)).order_by(Device.mac)
    rest = absent.limit(limit - len(shown)).offset(passed)
    return [*shown, *session.scalars(rest)]


def _number(session: Session, ids: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _sorted(ids: Select[int], wanted: DeviceFilter) -> Select[int]:
    if wanted.sort == "product":
        ids = ids.join(Product, Product.id == Device.product_id)
    if wanted.sort == "site":
        ids = ids.outerjoin(Site, Site.id == Device.site_id)
    column = _SORTS[wanted.sort]
    order = column.desc() if wanted.descending else column.asc()
    return ids.order_by(order.nulls_last(), Device.mac)


def _summaries(session: Session, ids: Sequence[int]) -> Sequence[DeviceSummary]:
    """These devices in this order."""
    found = {
        device.id: DeviceSummary.of(device)
        for device in session.scalars(select(Device).where(Device.id.in_(ids)))
    }
    return [found[one] for one in ids if one in found]
