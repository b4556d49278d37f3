"""What a text that people type finds among devices.

A small fleet is looked through: any part of what is known fits. In a large one that would take
seconds, so the text is taken as the beginning of a MAC, serial number or address, or as a part of
a site's or product's name: the first of these that fits any device. Only what fits none is looked
for everywhere.
"""

import re
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Site
from catalogue.models import Product
from provision.devices.models import Device

#: Up to so many devices are looked through.
SMALL_FLEET = 20_000
_TEXT_LENGTH_MAX = 64
#: Behind every text that begins so, in any collation: columns here hold Latin letters and digits.
_LAST = "z" * 20


def fitting(session: Session, typed: str, among: Select[int]) -> ColumnElement[bool] | None:
    """The condition that a text comes to which was typed to search `among` these devices' ids.

    None when nothing was typed.
    """
    text = typed.strip()[:_TEXT_LENGTH_MAX]
    if not text:
        return None
    if _is_large(session):
        for step in _steps(session, text):
            if session.scalar(among.where(step).limit(1)) is not None:
                return step
    return _anywhere(session, text)


def _is_large(session: Session) -> bool:
    some = select(Device.id).limit(SMALL_FLEET + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > SMALL_FLEET


def _steps(session: Session, text: str) -> Iterator[ColumnElement[bool]]:
    if digits := _mac_digits(text):
        yield _begins(Device.mac, digits)
    yield _begins(Device.serial, re.sub(r"\s", "", text).upper())
    yield _begins(Device.address, text.lower())
    for column, ids in (
        (Device.site_id, _sites(session, text)),
        (Device.product_id, _products(session, text)),
    ):
        if ids:
            yield column.in_(ids)


def _anywhere(session: Session, text: str) -> ColumnElement[bool]:
    """A part of a serial, firmware, address, product or site, or of a MAC in any spelling."""
    columns = (Device.serial, Device.firmware, Device.address)
    found = [column.icontains(text, autoescape=True) for column in columns]
    found.append(Device.site_id.in_(_sites(session, text)))
    found.append(Device.product_id.in_(_products(session, text)))
    if digits := _mac_digits(text):
        found.append(Device.mac.contains(digits))
    return or_(*found)


def _begins(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], text: str
) -> ColumnElement[bool]:
    """As an index finds it, and then to the letter."""
    return and_(column >= text, column <= text + _LAST, column.startswith(text, autoescape=True))


def _mac_digits(text: str) -> str:
    digits = re.sub(r"[:.\- ]", "", text).lower()
    return digits if re.fullmatch(r"[0-9a-f]{2,12}", digits) else ""


def _sites(session: Session, text: str) -> list[int]:
    """Compared here: SQLite knows the case of Latin letters only."""
    rows = session.execute(select(Site.id, Site.name))
    return [number for number, name in rows if text.casefold() in name.casefold()]


def _products(session: Session, text: str) -> list[int]:
    rows = session.execute(select(Product.id, Product.code))
    return [number for number, code in rows if text.casefold() in code.casefold()]
