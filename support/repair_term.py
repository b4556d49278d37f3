"""By when a fault is eliminated: 14 calendar days from receipt (rules R-1 to R-4).

The term is counted in calendar days and nothing in the published rules stops it: neither a missing
part nor a missing answer. Only the way back to the customer is outside it (D-4).
"""

from dataclasses import dataclass
from datetime import date

from support.civil_dates import add_days
from support.work_calendar import WorkCalendar


@dataclass(frozen=True)
class RepairPolicy:
    """`days`: calendar days; `roll`: a last day off moves to the next working day (ГК 193)."""

    days: int = 14
    roll: bool = True


@dataclass(frozen=True)
class RepairTerm:
    """The promise of one repair.

    `last_day` is the last of the calendar days, `due` the day that the law makes of it, and
    `planned` the workshop's own day: the last worked one by `last_day`.
    """

    received_on: date
    last_day: date
    due: date
    planned: date
    provisional: bool


def repair_term(received_on: date, calendar: WorkCalendar, policy: RepairPolicy) -> RepairTerm:
    """R-1, R-2: the term of a phone that a service centre's person received on `received_on`.

    The next day is day one (ГК 191).
    """
    last_day = add_days(received_on, policy.days)
    due = calendar.next_working(last_day) if policy.roll else last_day
    return RepairTerm(
        received_on=received_on,
        last_day=last_day,
        due=due,
        planned=max(received_on, calendar.last_working(last_day)),
        provisional=calendar.is_provisional(due),
    )
