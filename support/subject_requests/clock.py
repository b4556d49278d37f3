"""By when a request about data is answered: 10 working days, once 5 more (152-ФЗ, 14.3, 20.1).

A correction is made within 7 working days of the papers that prove it, never prolonged (20.3).
Day 1 is the working day after the one on which it came; the last day counts whole. Pure.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from storage.clock import midnight, moscow_date
from support.civil_dates import add_days
from support.subject_requests.vocabulary import Kind
from support.work_calendar import WorkCalendar

WORKING_DAYS = 10
CORRECTION_DAYS = 7
EXTRA_DAYS = 5
#: Working days before the end on which staff are reminded.
SOON_DAYS, LAST_DAYS = 3, 1


class Level(IntEnum):
    """How near the end is; each is told of once."""

    CALM = 0
    SOON = 1
    LAST = 2
    LATE = 3


@dataclass(frozen=True)
class SubjectClock:
    """`used` and `left` are working days; `left` counts from tomorrow, and is 0 on the last day.

    `stopped_on` is the day of the answer. `provisional`: the year's calendar is not decreed yet.
    """

    last_day: date
    days: int
    used: int
    left: int
    stopped_on: date | None
    is_late: bool
    provisional: bool

    @property
    def ends_at(self) -> datetime:
        """The instant at which it is too late."""
        return midnight(self.last_day) + timedelta(days=1)

    @property
    def level(self) -> Level:
        if self.stopped_on is not None:
            return Level.CALM
        if self.is_late:
            return Level.LATE
        if self.left <= LAST_DAYS:
            return Level.LAST
        return Level.SOON if self.left <= SOON_DAYS else Level.CALM


def clock_of(
    came_at: datetime,
    answered_at: datetime | None,
    calendar: WorkCalendar,
    now: datetime,
    *,
    kind: Kind,
    extended: bool,
) -> SubjectClock:
    """The clock as of `now`; an answer stops it for good."""
    days = working_days(kind, extended=extended)
    came_on = moscow_date(came_at)
    last = last_day(came_on, days, calendar)
    today = moscow_date(answered_at or now)
    used = _working_days(came_on, today, calendar)
    return SubjectClock(
        last_day=last,
        days=days,
        used=used,
        left=_working_days(today, last, calendar),
        stopped_on=moscow_date(answered_at) if answered_at else None,
        is_late=today > last,
        provisional=calendar.is_provisional(last),
    )


def working_days(kind: Kind, *, extended: bool) -> int:
    """How long the term is; a correction that was prolonged in former days keeps what was told."""
    if extended:
        return WORKING_DAYS + EXTRA_DAYS
    return CORRECTION_DAYS if kind is Kind.CORRECTION else WORKING_DAYS


def last_day(came_on: date, days: int, calendar: WorkCalendar) -> date:
    """The last of so many working days after the day on which it came."""
    day = came_on
    for _ in range(days):
        day = calendar.next_working(add_days(day, 1))
    return day


def _working_days(after: date, until: date, calendar: WorkCalendar) -> int:
    """The working days after one day up to another, that one included."""
    count = (until - after).days
    return sum(calendar.is_working(add_days(after, number)) for number in range(1, count + 1))
