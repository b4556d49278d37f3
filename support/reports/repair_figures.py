"""Counting repairs in the database, for the lines of a report."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from support.cases.models import RepairQuote, RepairUnit
from support.cases.vocabulary import Reason, Resolution, Stage
from support.reports import fleet
from support.reports.dividing import columns_of, keys
from support.reports.question import Question
from support.reports.repair_lines import Cases, Figures, Quotes, Taken


def figures(session: Session, question: Question) -> Figures:
    """Everything that the report of a question is made of."""
    return Figures(
        cases=_cases(session, question),
        taken=_taken(session, question),
        quotes=_quotes(session, question),
        phones=fleet.phones(session, question),
        in_service=fleet.in_service(session, question),
    )


def by_month(session: Session, question: Question) -> dict[date, int]:
    """How many cases were told of in each month that has any; its first day names it.

    The database counts days, in whose order its index lies; a month of them is added up here.
    """
    query = (
        select(RepairUnit.requested_on, func.count())
        .where(*_wanted(question), RepairUnit.stage != Stage.CANCELLED)
        .group_by(RepairUnit.requested_on)
    )
    found: Counter[date] = Counter()
    for day, count in session.execute(query):
        found[day.replace(day=1)] += count
    return dict(found)


def _cases(session: Session, question: Question) -> Sequence[Cases]:
    columns = columns_of(RepairUnit, question.by)
    alike = (
        (RepairUnit.stage == Stage.CANCELLED).label("cancelled"),
        RepairUnit.covered,
        RepairUnit.reason,
        RepairUnit.resolution,
        RepairUnit.repeat_of_id.is_not(None).label("repeat"),
    )
    query = select(*columns, *alike, func.count()).where(*_wanted(question))
    key_of = keys(session, question.by)
    return [
        Cases(
            key=key_of(key),
            cancelled=bool(cancelled),
            covered=covered,
            reason=Reason(reason) if reason else None,
            resolution=Resolution(resolution) if resolution else None,
            repeat=bool(repeat),
            count=count,
        )
        for *key, cancelled, covered, reason, resolution, repeat, count in session.execute(
            query.group_by(*columns, *(one.name for one in alike))
        )
    ]


def _taken(session: Session, question: Question) -> Sequence[Taken]:
    columns = (*columns_of(RepairUnit, question.by), RepairUnit.days_taken, RepairUnit.in_time)
    query = (
        select(*columns, func.count())
        .where(*_wanted(question), RepairUnit.covered.is_(True), RepairUnit.days_taken.is_not(None))
        .group_by(*columns)
    )
    key_of = keys(session, question.by)
    return [
        Taken(key_of(key), days, bool(in_time), count)
        for *key, days, in_time, count in session.execute(query)
    ]


def _quotes(session: Session, question: Question) -> Sequence[Quotes]:
    """Offers are few: they are read as they are, and their phones with them."""
    query = (
        select(*columns_of(RepairUnit, question.by), RepairQuote.accepted, RepairQuote.amount)
        .join(RepairUnit, RepairUnit.id == RepairQuote.unit_id)
        .where(*_wanted(question))
    )
    key_of = keys(session, question.by)
    return [
        Quotes(key_of(key), accepted, 1, amount)
        for *key, accepted, amount in session.execute(query)
    ]


def _wanted(question: Question) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        RepairUnit.requested_on.between(question.since, question.until)
    ]
    if question.product:
        found.append(RepairUnit.product == question.product)
    if question.lot:
        found.append(RepairUnit.lot == question.lot)
    if question.firmware:
        found.append(RepairUnit.firmware == question.firmware)
    if question.organisations is not None:
        found.append(RepairUnit.organisation_id.in_(question.organisations))
    return found
