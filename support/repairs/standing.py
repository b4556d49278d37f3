"""Where the phones of an act stand: their stage, what is due by when, and what has happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from storage.clock import moscow_date
from support.calendars import keeping
from support.cases.models import FaultReport, RepairEvent, RepairQuote, RepairUnit
from support.cases.vocabulary import DecisionState, Stage
from support.repairs import deciding, quoting, records
from support.repairs.clock import RepairClock, clock_of


@dataclass(frozen=True)
class UnitStanding:
    """One phone, its clock (None before it came) and its story, the newest first."""

    unit: RepairUnit
    clock: RepairClock | None
    events: Sequence[RepairEvent]
    quote: RepairQuote | None = None
    may_dispute: bool = False

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
            clock_of(unit, calendar, moscow_date(now)),
            [event for event in told if event.unit_id == unit.id],
            next(iter(quoting.of_unit(session, unit)), None),
            _may_dispute(session, unit),
        )
        for unit in report.units
    ]


def _may_dispute(session: Session, unit: RepairUnit) -> bool:
    """R-8: a refusal in force may be disputed while the phone is here."""
    if unit.covered is not False or unit.stage not in {Stage.READY, Stage.QUOTE}:
        return False
    newest = next(iter(deciding.of_unit(session, unit)), None)
    return newest is not None and newest.state == DecisionState.IN_FORCE
