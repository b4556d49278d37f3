"""The single repairs behind a figure of a report: as many as the figure says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from support.cases.models import FaultReport, RepairQuote, RepairUnit
from support.cases.vocabulary import Reason
from support.reports import repair_counting
from support.reports.dividing import on_line, wanted
from support.reports.figure import RepairFigure
from support.reports.question import Key, Question

PAGE = 50


@dataclass(frozen=True)
class RepairsBehind:
    """What a figure is asked for: of one line or, without a key, of all; for one reason or any."""

    question: Question
    figure: RepairFigure
    line: Key = ()
    reason: Reason | None = None


@dataclass(frozen=True)
class BehindRow:
    """One repair, with the offer that is counted where offers are."""

    unit: RepairUnit
    offer: RepairQuote | None = None

    @property
    def why(self) -> Reason | None:
        return Reason(self.unit.reason) if self.unit.reason else None


def count(session: Session, asked: RepairsBehind) -> int:
    """How many there are."""
    return session.scalar(_of(select(func.count()).select_from(RepairUnit), asked)) or 0


def rows(session: Session, asked: RepairsBehind, page: int) -> Sequence[BehindRow]:
    """Those of a page, counted from 0: the latest told of first."""
    found: tuple[Any, ...] = (RepairUnit,)
    order: list[Any] = [RepairUnit.requested_on.desc(), RepairUnit.id.desc()]
    if asked.figure.is_of_offers:
        found, order = (RepairUnit, RepairQuote), [*order, RepairQuote.id.desc()]
    query = _of(select(*found).select_from(RepairUnit), asked).order_by(*order)
    # The other phones of a report are not shown.
    query = query.options(joinedload(RepairUnit.report).lazyload(FaultReport.units))
    return [BehindRow(*row) for row in session.execute(query.limit(PAGE).offset(page * PAGE))]


def _of(query: Select[Any], asked: RepairsBehind) -> Select[Any]:
    question = asked.question
    if asked.figure.is_of_offers:
        query = query.join(RepairQuote, RepairQuote.unit_id == RepairUnit.id)
    conditions = [
        RepairUnit.requested_on.between(question.since, question.until),
        repair_counting.meant_by()[asked.figure],
        *wanted(RepairUnit, question),
    ]
    if asked.line:
        conditions += on_line(RepairUnit, question.by, asked.line)
    if asked.reason is not None:
        conditions.append(RepairUnit.reason == asked.reason)
    return query.where(*conditions)
