"""Counting the repairs of a month beforehand, and which months have changed since."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from storage.db import Database
from support.cases.models import RepairUnit
from support.reports import repair_counting, tally
from support.reports.dividing import owner_of
from support.reports.models import RepairChange, RepairTally
from support.reports.months import days_of, month_of
from support.reports.question import RollUp
from support.reports.tally import NUMBERS, Tally

#: What each roll-up divides by: the columns of its rows, and those of a repair.
_COLUMNS = {
    RollUp.MAKE: (
        ("product", "lot", "firmware"),
        (RepairUnit.product, RepairUnit.lot, RepairUnit.firmware),
    ),
    RollUp.OWNER: (
        ("product", "organisation_id"),
        (RepairUnit.product, owner_of(RepairUnit)),
    ),
}


def changed(session: Session) -> frozenset[date]:
    """The months, by their first days, whose counts say nothing until they are counted again."""
    return frozenset(month_of(day) for day in session.scalars(select(RepairChange.day).distinct()))


def count_anew(database: Database, session: Session, month: date) -> None:
    """Count a month's repairs, and forget that they changed.

    What changes meanwhile is noted by its own transaction, and counts by itself until next time.
    """
    database.alone(session, "repair-tally")
    since, until = days_of(month)
    # In this order: a change that is forgotten was committed, so that the count sees it.
    session.execute(delete(RepairChange).where(RepairChange.day.between(since, until)))
    session.execute(delete(RepairTally).where(RepairTally.month == month))
    rows = [row for roll_up in RollUp for row in _rows(session, month, roll_up)]
    if rows:
        session.execute(insert(RepairTally), rows)


def _rows(session: Session, month: date, roll_up: RollUp) -> Iterable[dict[str, Any]]:
    names, columns = _COLUMNS[roll_up]
    told = repair_counting.told_in([days_of(month)])
    found = repair_counting.of_units(session, columns, [told], _as_it_is)
    empty = {"roll_up": roll_up, "month": month, "lot": "", "firmware": "", "organisation_id": 0}
    for key, counted in tally.by_key(found).items():
        yield {**empty, **dict(zip(names, key, strict=True)), **_stored(counted)}


def _as_it_is(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(values)


def _stored(counted: Tally) -> dict[str, Any]:
    return {
        **{name: getattr(counted, name) for name in NUMBERS},
        "days": tally.written({str(days): count for days, count in counted.days.items()}),
        "reasons": tally.written({str(one): count for one, count in counted.reasons.items()}),
    }
