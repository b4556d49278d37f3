"""Phones in service: counting them, keeping the count, and how many a question is about.

In service is a phone that was seen, or whose handover to somebody is on paper, and that was not
replaced: a stock of unsold ones would make every rate look good.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from catalogue.models import Product
from provision.devices.identity import OWN_LENGTH, lot_of, stem_of
from provision.devices.models import Device, Handover, HandoverKind, IdentityEvent
from storage.clock import midnight
from support.replacements.models import Replacement
from support.reports.dividing import columns_of, keys, owner_of, wanted
from support.reports.models import FleetSum, FleetTally
from support.reports.question import Dimension, Key, Question, RollUp

_STEM = 6


@dataclass(frozen=True)
class Alike:
    """What phones of one row of the count have in common."""

    product: str
    lot: str
    firmware: str
    organisation_id: int | None


def counted(session: Session) -> Mapping[Alike, int]:
    """The phones in service, counted from the register."""
    stem = _stem().label("stem")
    query = (
        select(Product.code, stem, Device.firmware, Device.organisation_id, func.count())
        .join(Product, Product.id == Device.product_id)
        .where(*_in_service())
        .group_by(Product.code, "stem", Device.firmware, Device.organisation_id)
    )
    found: Counter[Alike] = Counter()
    for product, start, firmware, owner, count in session.execute(query):
        found[Alike(product, lot_of(start), firmware or "", owner)] += count
    return found


def keep(session: Session, found: Mapping[Alike, int]) -> int:
    """Make the kept count say this; only rows that differ are written. How many those were."""
    left, changes = dict(found), 0
    for row in session.scalars(select(FleetTally)):
        count = left.pop(Alike(row.product, row.lot, row.firmware, row.organisation_id), 0)
        if count == row.phones:
            continue
        changes += 1
        if count:
            row.phones = count
        else:
            session.delete(row)
    made = [{**vars(alike), "phones": count} for alike, count in left.items()]
    if made:
        session.execute(insert(FleetTally), made)
    changes += len(made)
    if changes:
        add_up(session)
    return changes


def add_up(session: Session) -> None:
    """Make the sums say what the counts say."""
    session.flush()
    session.execute(delete(FleetSum))
    tally = FleetTally
    none = {
        "lot": literal(""), "firmware": literal(""), "organisation_id": literal_column("0"),
    }  # fmt: skip
    divided: dict[RollUp, dict[str, Any]] = {
        RollUp.MAKE: {"product": tally.product, "lot": tally.lot, "firmware": tally.firmware},
        RollUp.OWNER: {"product": tally.product, "organisation_id": owner_of(tally)},
    }
    for roll_up, columns in divided.items():
        values = {"roll_up": literal(roll_up.value), **none, **columns}
        phones = func.sum(tally.phones)
        query = select(*values.values(), phones).group_by(*columns.values())
        session.execute(insert(FleetSum).from_select([*values, "phones"], query))


def in_service(session: Session, question: Question) -> int:
    """How many phones a question is about."""
    table, conditions = _of(question)
    query = select(func.sum(table.phones)).where(*conditions)
    return session.scalar(query) or 0


def phones(session: Session, question: Question) -> dict[Key, int]:
    """How many phones in service each line of the question stands on.

    A firmware's are those that run it and those that left it in the period: one that everybody
    has left still answers for what failed under it.
    """
    table, conditions = _of(question)
    columns = columns_of(table, question.by)
    query = select(*columns, func.sum(table.phones)).where(*conditions)
    rows = list(session.execute(query.group_by(*columns)))
    if question.by is Dimension.FIRMWARE:
        rows += session.execute(_left(question))
    key_of, found = keys(session, question.by), Counter[Key]()
    for *key, count in rows:
        found[key_of(key)] += count
    return dict(found)


def _in_service() -> tuple[ColumnElement[bool], ...]:
    on_paper = select(Handover.device_id).where(Handover.kind != HandoverKind.MANUFACTURE)
    return (
        or_(Device.first_seen_at.is_not(None), Device.id.in_(on_paper)),
        Device.id.not_in(select(Replacement.old_device_id)),
    )


def _stem() -> ColumnElement[str]:
    """The part of a serial that tells its lot; empty for a form that is not ours."""
    ours = func.length(Device.serial) == OWN_LENGTH
    return case((ours, func.substr(Device.serial, 1, _STEM)), else_="")


def _of(question: Question) -> tuple[Any, list[ColumnElement[bool]]]:
    """The table that answers a question soonest, and what is wanted of it."""
    if question.roll_up is None:
        return FleetTally, wanted(FleetTally, question)
    return FleetSum, [FleetSum.roll_up == question.roll_up, *wanted(FleetSum, question)]


def _left(question: Question) -> Select[str, str | None, int]:
    query = (
        select(Product.code, IdentityEvent.old, func.count(func.distinct(IdentityEvent.device_id)))
        .join(Device, Device.id == IdentityEvent.device_id)
        .join(Product, Product.id == Device.product_id)
        .where(
            IdentityEvent.field == "firmware",
            IdentityEvent.applied,
            IdentityEvent.old.is_not(None),
            IdentityEvent.old != Device.firmware,
            IdentityEvent.at >= midnight(question.since),
            IdentityEvent.at < midnight(question.until + timedelta(days=1)),
        )
        .group_by(Product.code, IdentityEvent.old)
    )
    if question.product:
        query = query.where(Product.code == question.product)
    if question.lot:
        query = query.where(_stem() == stem_of(question.lot))
    if question.firmware:
        query = query.where(IdentityEvent.old == question.firmware)
    if question.organisations is not None:
        query = query.where(Device.organisation_id.in_(question.organisations))
    return query
