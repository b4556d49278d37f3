"""The clock of a phone in repair: when it began, when it stopped, whether that was in time."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from storage.clock import moscow_date
from support.calendars import keeping
from support.cases.models import RepairUnit
from support.repair_term import RepairPolicy, RepairTerm, repair_term
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


def clock_of(unit: RepairUnit, calendar: WorkCalendar, today: date) -> RepairClock | None:
    """The clock of a phone; None until a person of a service centre received it (R-2)."""
    if unit.received_at is None:
        return None
    term = repair_term(moscow_date(unit.received_at), calendar, RepairPolicy())
    over = moscow_date(unit.eliminated_at) if unit.eliminated_at else None
    return RepairClock(term, today, over)


def promised_clock(unit: RepairUnit, calendar: WorkCalendar, today: date) -> RepairClock | None:
    """The clock where a term runs: the 14 days are promised for covered cases alone (R-1)."""
    return None if unit.covered is False else clock_of(unit, calendar, today)


def stop(session: Session, unit: RepairUnit, now: datetime) -> None:
    """R-4: the fault is gone, or (R-6) another phone is on its way; what the clock says is kept."""
    unit.eliminated_at = now
    found = clock_of(unit, keeping.current(session).calendar, moscow_date(now))
    if found is not None:
        unit.days_taken, unit.in_time = found.used, not found.is_late
