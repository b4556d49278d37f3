"""Lists of devices: search, filters and order for the page, a cursor for programs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Site
from catalogue.models import Product
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
_QUERY_LENGTH_MAX = 64


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


def page(
    session: Session, wanted: DeviceFilter, *, limit: int, offset: int = 0
) -> tuple[Sequence[DeviceSummary], int]:
    """`limit` devices from place `offset` on in the wanted order, and how many there are in all."""
    query = _filtered(wanted)
    total = session.scalar(
        select(func.count()).select_from(query.with_only_columns(Device.id).subquery())
    )
    column = _SORTS.get(wanted.sort, Device.mac)
    order = column.desc() if wanted.descending else column.asc()
    rows = session.scalars(
        query.order_by(order.nulls_last(), Device.mac).limit(limit).offset(offset)
    )
    return [DeviceSummary.of(device) for device in rows], total or 0


def after(
    session: Session, wanted: DeviceFilter, *, limit: int, mac: str = ""
) -> Sequence[DeviceSummary]:
    """The next `limit` devices by MAC, behind `mac`: a cursor that additions do not shift."""
    query = _filtered(wanted).where(Device.mac > mac).order_by(Device.mac).limit(limit)
    return [DeviceSummary.of(device) for device in session.scalars(query)]


def every(session: Session, wanted: DeviceFilter) -> Sequence[DeviceSummary]:
    """All devices that are wanted, by MAC."""
    rows = session.scalars(_filtered(wanted).order_by(Device.mac))
    return [DeviceSummary.of(device) for device in rows]


def site_names(session: Session) -> Sequence[str]:
    """The names of the sites that have devices."""
    query = select(Site.name).join(Device, Device.site_id == Site.id).distinct().order_by(Site.name)
    return session.scalars(query).all()


def _filtered(wanted: DeviceFilter) -> Select[Device]:
    query = (
        select(Device)
        .join(Product, Product.id == Device.product_id)
        .outerjoin(Site, Site.id == Device.site_id)
    )
    if wanted.organisations is not None:
        query = query.where(Device.organisation_id.in_(wanted.organisations))
    if wanted.product:
        query = query.where(Product.code == wanted.product)
    if wanted.site:
        query = query.where(Site.name == wanted.site)
    text = wanted.text.strip()[:_QUERY_LENGTH_MAX]
    return query.where(_matches(text)) if text else query


def _matches(text: str) -> ColumnElement[bool]:
    """A part of a serial, firmware, address, product or site, or of a MAC in any spelling."""
    columns = (Device.serial, Device.firmware, Device.address, Product.code, Site.name)
    found = [column.icontains(text, autoescape=True) for column in columns]
    digits = re.sub(r"[:.\- ]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{2,12}", digits):
        found.append(Device.mac.contains(digits))
    return or_(*found)
