"""What the report of a question is made of: counts of whole months, and the rest counted now.

So a report is exact at once: what changed since its month was counted is counted by day.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from support.cases.models import RepairUnit
from support.cases.vocabulary import Stage
from support.reports import fleet, months, repair_counting, tallying
from support.reports.dividing import columns_of, keys, wanted
from support.reports.models import RepairTally
from support.reports.months import Split, month_of
from support.reports.question import Dimension, Question, RollUp
from support.reports.repair_lines import Figures
from support.reports.tally import Tally


def figures(session: Session, question: Question, *, full: bool = True) -> Figures:
    """Everything that the report of a question is made of; days and reasons if `full`."""
    return Figures(
        tallies=tallies(session, question, full=full),
        phones=fleet.phones(session, question),
        in_service=fleet.in_service(session, question),
    )


def tallies(session: Session, question: Question, *, full: bool = True) -> Sequence[Tally]:
    """The repairs of a question by its keys; a key may come more than once."""
    parts, key_of = _split(session, question), keys(session, question.by)
    found: list[Tally] = []
    if parts.whole is not None and question.roll_up is not None:
        columns = columns_of(RepairTally, question.by)
        kept = _kept(question, question.roll_up, parts)
        found += repair_counting.of_tallies(session, columns, kept, key_of, full=full)
    if parts.spans:
        columns, told = columns_of(RepairUnit, question.by), repair_counting.told_in(parts.spans)
        conditions = [told, *wanted(RepairUnit, question)]
        found += repair_counting.of_units(session, columns, conditions, key_of, full=full)
    return found


def by_month(session: Session, question: Question) -> dict[date, int]:
    """How many cases were told of in each month that has any; its first day names it.

    The database counts days, in whose order its index lies; a month of them is added up here.
    """
    # Months divide by nothing else.
    asked = question.divided(Dimension.PRODUCT)
    parts, found = _split(session, asked), Counter[date]()
    if parts.whole is not None and asked.roll_up is not None:
        kept = select(RepairTally.month, func.sum(RepairTally.cases))
        kept = kept.where(*_kept(asked, asked.roll_up, parts)).group_by(RepairTally.month)
        found.update({month: count for month, count in session.execute(kept) if count})
    if parts.spans:
        days = select(RepairUnit.requested_on, func.count()).where(
            repair_counting.told_in(parts.spans),
            RepairUnit.stage != Stage.CANCELLED,
            *wanted(RepairUnit, asked),
        )
        for day, count in session.execute(days.group_by(RepairUnit.requested_on)):
            found[month_of(day)] += count
    return dict(found)


def _split(session: Session, question: Question) -> Split:
    if question.roll_up is None:
        return Split(None, (), ((question.since, question.until),))
    return months.split(question.since, question.until, tallying.changed(session))


def _kept(question: Question, roll_up: RollUp, parts: Split) -> list[ColumnElement[Any]]:
    assert parts.whole is not None
    return [
        RepairTally.roll_up == roll_up,
        RepairTally.month.between(*parts.whole),
        RepairTally.month.not_in(parts.but),
        *wanted(RepairTally, question),
    ]
