"""Where the phones of an act stand: their stage, what is due by when, and what has happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from storage.clock import moscow_date
from support.calendars import keeping
from support.repair_term import RepairPolicy, RepairTerm, repair_term
from support.repairs import deciding, quoting, records
from support.repairs.models import FaultReport, RepairEvent, RepairQuote, RepairUnit
from support.repairs.vocabulary import DecisionState, Stage
from support.work_calendar import WorkCalendar


@dataclass(frozen=True)
class RepairClock:
    """R-1…R-4: the term of a phone that was received. `used` and `days` are calendar days.

    It stops on the day the fault was eliminated, and by nothing else.
    """

    term: RepairTerm
    today: date
    eliminated_on: date | None

    @property
    def days(self) -> int:
        return (self.term.due - self.term.received_on).days

    @property
    def used(self) -> int:
        return ((self.eliminated_on or self.today) - self.term.received_on).days

    @property
    def left(self) -> int:
        return self.days - self.used

    @property
    def is_late(self) -> bool:
        return (self.eliminated_on or self.today) > self.term.due


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


def clock_of(unit: RepairUnit, calendar: WorkCalendar, today: date) -> RepairClock | None:
    """The clock of a phone; None until a person of a service centre received it (R-2)."""
    if unit.received_at is None:
        return None
    term = repair_term(moscow_date(unit.received_at), calendar, RepairPolicy())
    over = moscow_date(unit.eliminated_at) if unit.eliminated_at else None
    return RepairClock(term, today, over)
