"""S-14: at 50, 80 and 100 % of a promised time somebody is told, and nobody at night for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from support import business_time
from support.packages.package import Promise
from support.sla.clocks import reached_at
from support.sla.log import Entry
from support.work_calendar import WorkCalendar

LEVELS = (50, 80, 100)


@dataclass(frozen=True)
class Escalation:
    """At `level` percent of a promise, which was used up at `reached_at`, people are told."""

    promise: Promise
    level: int
    reached_at: datetime


def due(log: Sequence[Entry], calendar: WorkCalendar, at: datetime) -> Iterator[Escalation]:
    """Everything to be told at `at`, again and again: who tells remembers what was told.

    Outside working hours only promises that hold around the clock are told of.
    """
    is_open = business_time.is_open(calendar, at)
    for promise in Promise:
        if not (is_open or _around_the_clock(promise, log, at)):
            continue
        for level in LEVELS:
            reached = reached_at(promise, log, calendar, level / 100, at)
            if reached is not None:
                yield Escalation(promise, level, reached)


def _around_the_clock(promise: Promise, log: Sequence[Entry], at: datetime) -> bool:
    """Whether the promise, as it stands at `at`, is for nights and days off as well."""
    terms = [entry.terms for entry in sorted(log, key=lambda e: e.at) if entry.at <= at]
    target = next(found.targets.get(promise) for found in reversed(terms) if found is not None)
    return target is not None and target.around_the_clock
