"""Which days are worked, and from when to when: the calendar behind every working-day promise.

In Russia a day's kind can't be told from the weekday and a list of holidays: days off are moved by
decree, and some Saturdays are worked. Days are civil dates of Moscow.
"""

from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import count

from storage.refusals import RefusedError
from support.civil_dates import add_days

#: No run of days off is longer than this; a calendar that has one is broken.
LONGEST_REST_DAYS = 60
_SATURDAY = 5


class CalendarEmptyError(RefusedError):
    code = "calendar-empty"
    ru = "В календаре нет ни одного рабочего дня около {day}."
    en = "The calendar has no working day near {day}."


@dataclass(frozen=True)
class WorkCalendar:
    """What differs from Monday to Friday, and the hours of a working day, `[opens, closes)`.

    A year outside `confirmed` is reckoned from `fixed` holidays, as (month, day), alone.
    """

    off: frozenset[date]
    working: frozenset[date]
    confirmed: frozenset[int]
    fixed: frozenset[tuple[int, int]]
    opens: time = time(9)
    closes: time = time(18)

    def is_working(self, day: date) -> bool:
        if day in self.working:
            return True
        if day.weekday() >= _SATURDAY:
            return False
        if day.year in self.confirmed:
            return day not in self.off
        return (day.month, day.day) not in self.fixed

    def is_provisional(self, day: date) -> bool:
        """Whether the decree for the day's year is not out yet, so that the day may change."""
        return day.year not in self.confirmed

    def next_working(self, day: date) -> date:
        """The day itself, or the first working day after it; raises CalendarEmptyError."""
        return self._nearest(day, 1)

    def last_working(self, day: date) -> date:
        """The day itself, or the last working day before it; raises CalendarEmptyError."""
        return self._nearest(day, -1)

    def working_days(self, year: int) -> int:
        """How many days of the year are worked."""
        first = date(year, 1, 1)
        days = (first + timedelta(number) for number in range(366))
        return sum(self.is_working(day) for day in days if day.year == year)

    def _nearest(self, day: date, step: int) -> date:
        for distance in count():
            found = add_days(day, step * distance)
            if self.is_working(found):
                return found
            if distance > LONGEST_REST_DAYS:
                break
        raise CalendarEmptyError(day=day)
