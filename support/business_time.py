"""Working time: a deadline so many working hours away, and the working time between two instants.

Working hours are half-open: a request that comes at 18:00:00 begins to count the next working day
at 9:00. Instants are aware; durations are real time within working hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from storage.clock import MOSCOW
from storage.refusals import RefusedError
from support.civil_dates import add_days
from support.work_calendar import WorkCalendar

#: A deadline further away is a slip in a table of targets.
HORIZON_DAYS = 3660
_NOTHING = timedelta()


class HorizonError(RefusedError):
    code = "deadline-too-far"
    ru = "Срок лежит дальше, чем на десять лет: проверьте календарь и пакет поддержки."
    en = "The deadline is more than ten years away: look at the calendar and the package."


@dataclass(frozen=True)
class Shift:
    """One day's working hours as instants in UTC, the first included and the last not."""

    start: datetime
    end: datetime


def add(calendar: WorkCalendar, start: datetime, duration: timedelta) -> datetime:
    """The instant at which `duration` of working time has passed since `start`, in UTC.

    A deadline that a shift's last second fills is that shift's end. Raises HorizonError.
    """
    left = duration
    for shift in _shifts(calendar, start):
        begun = max(shift.start, start)
        if left <= shift.end - begun:
            return begun + left
        left -= shift.end - begun
    raise HorizonError


def between(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """The working time from `start` to `end`; nothing where they are in the other order."""
    total = _NOTHING
    for shift in _shifts(calendar, start):
        if shift.start >= end:
            return total
        total += min(shift.end, end) - max(shift.start, start)
    raise HorizonError


def is_open(calendar: WorkCalendar, instant: datetime) -> bool:
    """Whether somebody answers at `instant`."""
    return next_opening(calendar, instant) == instant


def next_opening(calendar: WorkCalendar, instant: datetime) -> datetime:
    """S-3: when a request that comes at `instant` begins to count: then, or at the next opening."""
    return max(next(_shifts(calendar, instant)).start, instant)


def closing(calendar: WorkCalendar, instant: datetime) -> datetime:
    """The end of the working hours that `instant` lies in or that come next."""
    return next(_shifts(calendar, instant)).end


def _shifts(calendar: WorkCalendar, since: datetime) -> Iterator[Shift]:
    """The working hours that end after `since`, in order."""
    first = since.astimezone(MOSCOW).date()
    for distance in count():
        if distance > HORIZON_DAYS:
            return
        day = add_days(first, distance)
        if not calendar.is_working(day):
            continue
        shift = Shift(
            datetime.combine(day, calendar.opens, MOSCOW).astimezone(UTC),
            datetime.combine(day, calendar.closes, MOSCOW).astimezone(UTC),
        )
        if shift.end > since:
            yield shift
