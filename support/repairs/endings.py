"""When a repair was over: when the last phone of its act was done with; none while one is here."""

from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, select
from sqlalchemy.orm import Session

from support.cases.models import FaultReport, RepairEvent, RepairUnit
from support.cases.vocabulary import Stage

_OVER = [one for one in Stage if one.is_over]


def over_at(session: Session, report: FaultReport) -> datetime | None:
    """When the last phone of the act was done with."""
    query = select(last_deed()).where(FaultReport.id == report.id, ~_has_running())
    return session.scalar(query)


def over_at_or(other: SQLColumnExpression[datetime]) -> ColumnElement[datetime | None]:
    """When it was over, none while it is open; the other instant where there is no act."""
    erased = FaultReport.contact_email == ""
    return case(
        (FaultReport.id.is_(None), other), (erased | ~_has_running(), last_deed()), else_=None
    )


def over_before(before: datetime) -> ColumnElement[bool]:
    """Acts that were over before an instant: the database finds them, whatever it holds.

    An act none of whose phones ever came was over when it was filed: terms are years.
    """
    return and_(FaultReport.filed_at < before, ~_has_running(Stage.FILED), last_deed() < before)


def last_deed() -> ColumnElement[datetime]:
    """The instant of the last thing that was done to a phone of an act."""
    last = (
        select(func.max(RepairEvent.at))
        .join(RepairUnit, RepairUnit.id == RepairEvent.unit_id)
        .where(RepairUnit.report_id == FaultReport.id)
        .correlate(FaultReport)
        .scalar_subquery()
    )
    return func.coalesce(last, FaultReport.filed_at)


def _has_running(*also_over: Stage) -> ColumnElement[bool]:
    running = select(RepairUnit.id).where(
        RepairUnit.report_id == FaultReport.id, RepairUnit.stage.not_in([*_OVER, *also_over])
    )
    return running.correlate(FaultReport).exists()
