"""Counting repairs in the database: from their own rows, or from counts that were made of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from support.cases.models import RepairQuote, RepairUnit
from support.cases.vocabulary import Reason, Resolution, Stage
from support.reports import tally
from support.reports.figure import RepairFigure
from support.reports.models import RepairTally
from support.reports.months import Span
from support.reports.question import Key
from support.reports.tally import NUMBERS, Tally

#: What makes a key of the first columns of a row.
KeyOf = Callable[[Sequence[object]], Key]
Columns = Sequence[Any]
Conditions = Iterable[ColumnElement[bool]]


#: The figures that a repair's own row has for the numbers of a tally.
_NUMBERS = {
    "cases": RepairFigure.CASES,
    "failures": RepairFigure.FAILURES,
    "undecided": RepairFigure.UNDECIDED,
    "covered": RepairFigure.COVERED,
    "replaced": RepairFigure.REPLACED,
    "repeats": RepairFigure.REPEATS,
    "in_time": RepairFigure.IN_TIME,
}


def of_units(
    session: Session, columns: Columns, wanted: Conditions, key_of: KeyOf, *, full: bool = True
) -> list[Tally]:
    """Repairs counted from their own rows; their offers are tallies beside them.

    Days and reasons are most of the work: a tally that is not `full` has none.
    """
    conditions = list(wanted)
    measures = [*_numbers(), *(_texts() if full else ())]
    units = select(*columns, *measures).where(*conditions).group_by(*columns)
    quotes = select(*columns, *_prices()).join(RepairUnit, RepairUnit.id == RepairQuote.unit_id)
    # Offers are few: they are looked up by their phones.
    quotes = quotes.where(*conditions).group_by(*columns)
    found = [*session.execute(units), *session.execute(quotes)]
    return [_tally(row, key_of(row[: len(columns)])) for row in found]


def of_tallies(
    session: Session, columns: Columns, wanted: Conditions, key_of: KeyOf, *, full: bool = True
) -> list[Tally]:
    """The same from the counts of whole months."""
    sums = [func.sum(getattr(RepairTally, name)).label(name) for name in NUMBERS]
    texts = [_joined(getattr(RepairTally, name), name) for name in ("days", "reasons") if full]
    query = select(*columns, *sums, *texts).where(*wanted).group_by(*columns)
    return [_tally(row, key_of(row[: len(columns)])) for row in session.execute(query)]


def told_in(spans: Sequence[Span]) -> ColumnElement[bool]:
    """Whether the fault was told of on one of these days."""
    return or_(*(RepairUnit.requested_on.between(since, until) for since, until in spans))


def meant_by() -> Mapping[RepairFigure, ColumnElement[bool]]:
    """Which repairs, or which offers, a figure counts; the pure rules in the database's words."""
    unit = RepairUnit
    is_case = unit.stage != Stage.CANCELLED
    fault = or_(
        unit.covered.is_(None), unit.covered.is_(True), unit.reason.in_(sorted(tally.FAULTS))
    )
    taken = and_(unit.covered.is_(True), unit.days_taken.is_not(None))
    return {
        RepairFigure.CASES: is_case,
        RepairFigure.FAILURES: and_(is_case, fault),
        RepairFigure.UNDECIDED: and_(is_case, unit.covered.is_(None)),
        RepairFigure.COVERED: and_(is_case, unit.covered.is_(True)),
        RepairFigure.REFUSED: and_(is_case, unit.covered.is_(False), unit.reason.is_not(None)),
        RepairFigure.REPLACED: and_(is_case, unit.resolution == Resolution.REPLACED),
        RepairFigure.REPEATS: and_(is_case, unit.repeat_of_id.is_not(None)),
        RepairFigure.TAKEN: taken,
        RepairFigure.IN_TIME: and_(taken, unit.in_time.is_(True)),
        RepairFigure.OFFERED: true(),
        RepairFigure.ACCEPTED: RepairQuote.accepted.is_(True),
    }


def _numbers() -> list[ColumnElement[int]]:
    meant = meant_by()
    return [_count(meant[figure]).label(name) for name, figure in _NUMBERS.items()]


def _texts() -> list[ColumnElement[str]]:
    meant, unit = meant_by(), RepairUnit
    one: ColumnElement[str] = literal_column("':1'")
    days = case((meant[RepairFigure.TAKEN], cast(unit.days_taken, Text).concat(one)))
    reasons = case((meant[RepairFigure.REFUSED], cast(unit.reason, Text).concat(one)))
    return [_joined(days, "days"), _joined(reasons, "reasons")]


def _prices() -> list[ColumnElement[Any]]:
    agreed = meant_by()[RepairFigure.ACCEPTED]
    kopecks = cast(func.round(RepairQuote.amount * 100), BigInteger)
    return [
        func.count().label("offered"),
        _count(agreed).label("accepted"),
        func.sum(case((agreed, kopecks))).label("kopecks"),
    ]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _joined(words: ColumnElement[str], name: str) -> ColumnElement[str]:
    return func.aggregate_strings(words, " ").label(name)


def _tally(row: Any, key: Key) -> Tally:
    numbers = {name: int(getattr(row, name, None) or 0) for name in NUMBERS}
    return Tally(
        key,
        **numbers,
        days=tally.counts(getattr(row, "days", None), int),
        reasons=tally.counts(getattr(row, "reasons", None), Reason),
    )
