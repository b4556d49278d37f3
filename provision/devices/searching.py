"""What a text that people type finds among devices.

A small fleet is looked through: any part of what is known fits. In a large one that would take
seconds, so the text is taken as the beginning of a MAC, serial number, address or version, as a
part of a site's or product's name, or as the last characters of a serial number or MAC: the first
of these that fits any device. Each is found by an index; what fits none is not there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, String, and_, false, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Site
from catalogue.models import Product
from provision.devices.models import Device

#: Up to so many devices are looked through.
SMALL_FLEET = 20_000
_TEXT_LENGTH_MAX = 64
#: Behind every text that begins so, in any collation: columns here hold Latin letters and digits.
_LAST = "z" * 20
#: So many last characters an index knows; people type at least as many of a label's.
END_LENGTH = 4
#: The words of the indexes that migration 0036 makes by hand.
_MAC_END = literal_column("substr(device.mac, 9)", String)
_SERIAL_END = literal_column("substr(device.serial, length(device.serial) - 3)", String)


@dataclass(frozen=True)
class Search:
    """What a typed text comes to; `is_bounded`: the middle of a text was not looked at."""

    condition: ColumnElement[bool] | None = None
    is_bounded: bool = False


def search(session: Session, typed: str, among: Select[int]) -> Search:
    """The condition for a text that was typed to search `among` these devices' ids."""
    text = typed.strip()[:_TEXT_LENGTH_MAX]
    if not text:
        return Search()
    if not _are_many(session, among):
        return Search(_anywhere(session, text))
    for step in _steps(session, text):
        if session.scalar(among.where(step).limit(1)) is not None:
            return Search(step, is_bounded=True)
    return Search(false(), is_bounded=True)


def _are_many(session: Session, among: Select[int]) -> bool:
    some = among.limit(SMALL_FLEET + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > SMALL_FLEET


def _steps(session: Session, text: str) -> Iterator[ColumnElement[bool]]:
    digits, serial = _mac_digits(text), re.sub(r"\s", "", text).upper()
    if digits:
        yield _begins(Device.mac, digits)
    yield _begins(Device.serial, serial)
    yield _begins(Device.address, text.lower())
    yield _begins(Device.firmware, text)
    for column, ids in (
        (Device.site_id, _sites(session, text)),
        (Device.product_id, _products(session, text)),
    ):
        if ids:
            yield column.in_(ids)
    if len(serial) >= END_LENGTH:
        yield _ends(Device.serial, _SERIAL_END, serial)
    if len(digits) >= END_LENGTH:
        yield _ends(Device.mac, _MAC_END, digits)


def _ends(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    end: ColumnElement[str],
    text: str,
) -> ColumnElement[bool]:
    """As an index finds it by the last few characters, and then to the letter."""
    return and_(end == text[-END_LENGTH:], column.endswith(text, autoescape=True))


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
