"""Where the phones of an act stand: their stage, what is due by when, and what has happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from storage.clock import moscow_date
from support.calendars import keeping
from support.cases.models import (
    CoverageDecision,
    FaultReport,
    RepairEvent,
    RepairQuote,
    RepairUnit,
)
from support.cases.vocabulary import DecisionState, Reason, Stage
from support.phrases import Phrase
from support.repairs import deciding, quoting, records
from support.repairs.clock import RepairClock, promised_clock


@dataclass(frozen=True)
class Refusal:
    """R-8: by which rule a case is not covered, in which words, and what was seen."""

    rule: str
    phrase: Phrase
    evidence: str


@dataclass(frozen=True)
class UnitStanding:
    """One phone, its clock and its story, the newest first.

    No clock before it came, and none while a refusal stands: the 14 days are promised for covered
    cases (R-1). `refusal` stays through a paid repair (R-7).
    """

    unit: RepairUnit
    clock: RepairClock | None
    events: Sequence[RepairEvent]
    quote: RepairQuote | None = None
    may_dispute: bool = False
    refusal: Refusal | None = None

    @property
    def stage(self) -> Stage:
        return Stage(self.unit.stage)


def of_act(session: Session, report: FaultReport, now: datetime) -> Sequence[UnitStanding]:
    """Every phone of an act."""
    calendar = keeping.current(session).calendar
    told = records.events(session, [unit.id for unit in report.units])
    return [
        UnitStanding(
            unit,
            promised_clock(unit, calendar, moscow_date(now)),
            [event for event in told if event.unit_id == unit.id],
            next(iter(quoting.of_unit(session, unit)), None),
            _may_dispute(session, unit),
            _refusal(session, unit),
        )
        for unit in report.units
    ]


def _may_dispute(session: Session, unit: RepairUnit) -> bool:
    """R-8: a refusal in force may be disputed while the phone is here."""
    if unit.covered is not False or unit.stage not in {Stage.READY, Stage.QUOTE}:
        return False
    newest = _newest(session, unit)
    return newest is not None and newest.state == DecisionState.IN_FORCE


def _refusal(session: Session, unit: RepairUnit) -> Refusal | None:
    """Why an earlier version's row without a decision was refused is told by its event alone."""
    newest = _newest(session, unit)
    if unit.covered is not False or newest is None or newest.reason is None:
        return None
    reason = Reason(newest.reason)
    return Refusal(reason.rule, reason.phrase, newest.evidence)


def _newest(session: Session, unit: RepairUnit) -> CoverageDecision | None:
    return next(iter(deciding.of_unit(session, unit)), None)
