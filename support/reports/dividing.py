"""By which columns a question divides rows, and what their values make as the key of a line."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from accounts.models import Organisation
from support.reports.question import Dimension, Key, Question


def columns_of(table: Any, by: Dimension) -> tuple[ColumnElement[Any], ...]:
    """The columns whose values make a line's key; a partner is known by its customers."""
    if by is Dimension.PRODUCT:
        return (table.product,)
    if by is Dimension.LOT:
        return (table.product, table.lot)
    if by is Dimension.FIRMWARE:
        return (table.product, table.firmware)
    return (owner_of(table),)


def owner_of(table: Any) -> ColumnElement[int]:
    """The organisation, 0 for none.

    An expression, so that SQLite reads the narrow index of reports and not each row by its owner.
    """
    return func.coalesce(table.organisation_id, literal_column("0")).label("owner")


def wanted(table: Any, question: Question) -> list[ColumnElement[bool]]:
    """What a question narrows rows to; its days are said otherwise."""
    found: list[ColumnElement[bool]] = [
        getattr(table, name) == value
        for name in ("product", "lot", "firmware")
        if (value := getattr(question, name))
    ]
    if question.organisations is not None:
        found.append(table.organisation_id.in_(question.organisations))
    return found


def on_line(table: Any, by: Dimension, key: Key) -> list[ColumnElement[bool]]:
    """What a row must hold to stand on the line of this key: the other way round of `keys`."""
    if by is Dimension.PARTNER:
        return [_of_partner(owner_of(table), int(key[0] or 0))]
    if by is Dimension.ORGANISATION:
        return [owner_of(table) == int(key[0] or 0)]
    return at(columns_of(table, by), key)


def at(columns: Sequence[Any], key: Key) -> list[ColumnElement[bool]]:
    """That columns hold what a key says; of an empty text, that they hold nothing."""
    return [
        column == value if value else func.coalesce(column, "") == ""
        for column, value in zip(columns, key, strict=True)
    ]


def _of_partner(owner: ColumnElement[int], partner: int) -> ColumnElement[bool]:
    """Whether an owner is this partner or served by it; of 0, whether nobody serves it."""
    masters = select(Organisation.partner_id).where(Organisation.partner_id.is_not(None))
    served = select(Organisation.id).where(Organisation.partner_id.is_not(None))
    if not partner:
        return owner.not_in(masters) & owner.not_in(served)
    own = select(Organisation.id).where(Organisation.partner_id == partner)
    return owner.in_(masters) & (owner == partner) | owner.in_(own) & owner.not_in(masters)


def keys(session: Session, by: Dimension) -> Callable[[Sequence[object]], Key]:
    """What makes a line's key of the values of its columns; nothing is an empty text."""
    if by is not Dimension.PARTNER:
        return _plain
    served = select(Organisation.id, Organisation.partner_id)
    partners = {str(own): str(partner or "") for own, partner in session.execute(served)}
    # A partner's own phones are its own: it is its own customer.
    masters = set(partners.values())

    def partner_of(values: Sequence[object]) -> Key:
        (own,) = _plain(values)
        return (own if own in masters else partners.get(own, ""),)

    return partner_of


def names(session: Session, lines: Sequence[Key]) -> dict[str, str]:
    """The names of organisations by their numbers, as keys hold them."""
    wanted = [int(key[0]) for key in lines if key and key[0].isdigit()]
    found = select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted))
    return {str(number): name for number, name in session.execute(found)}


def _plain(values: Sequence[object]) -> Key:
    return tuple("" if one is None or one == 0 else str(one) for one in values)
