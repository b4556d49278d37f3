"""By how long the time in repair prolongs a warranty: rule W-7.

ГК 471 п. 2 and ЗоЗПП 20 п. 3: the term grows by the days on which the phone could not be used, from
the day its fault was told of to the day it was given back, both included. The published rules do
not say otherwise, so it is so for everyone. Repairs that overlap are one stretch of days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from support.civil_dates import add_days
from support.intervals import ONE_DAY, Interval, union


@dataclass(frozen=True)
class Prolonged:
    """A last day moved by the stretches of repair that began by it."""

    end: date
    counted: tuple[Interval, ...]


def prolonged(start: date, end: date, repairs: Iterable[Interval]) -> Prolonged:
    """The term from `start` to `end` with the time in repair added.

    A repair counts where its fault was told of within the term, and a term already prolonged
    counts as it is. Raises CalendarEndError past the calendar's end.
    """
    counted = []
    for repair in union(repairs):
        if start <= repair.start <= end:
            counted.append(repair)
            end = add_days(end, days_of(repair))
    return Prolonged(end, tuple(counted))


def days_of(repair: Interval) -> int:
    """The days of a stretch, the first and the last included."""
    return (repair.end + ONE_DAY - repair.start).days
