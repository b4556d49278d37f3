"""The clocks of one support request: a pure function of its log, a calendar and an instant.

Response counts until a person's public answer and never pauses. Restoration and resolution pause
while the User, or the User's parcel, is waited for (S-10). Used time is a sum over stretches, each
in its own measure, so a change of package or priority keeps it (S-11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.clock import moscow_date
from support import business_time
from support.packages.package import Promise, Target
from support.sla.log import Deed, Entry, Stretch, stretches
from support.work_calendar import WorkCalendar

_NOTHING = timedelta()


class Standing(StrEnum):
    """Where a clock stands. Only one with a target can be late."""

    NOT_PROMISED = "not-promised"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"


@dataclass(frozen=True)
class Clock:
    """One promise of one request, as of an instant.

    `used` and `left` are time of the target's own measure (working or real). `deadline` is empty
    while the clock is paused: it moves. `provisional`: the deadline lies in a year whose calendar
    is not decreed yet.
    """

    promise: Promise
    standing: Standing
    target: Target | None
    used: timedelta
    deadline: datetime | None
    met_at: datetime | None
    provisional: bool

    @property
    def left(self) -> timedelta | None:
        return self.target.within - self.used if self.target else None

    @property
    def is_late(self) -> bool:
        """More time is used than promised; the last second is still in time."""
        return self.target is not None and self.used > self.target.within

    @property
    def percent(self) -> int:
        """How much of the promised time is used; nothing where nothing is promised."""
        return int(self.used * 100 / self.target.within) if self.target else 0


@dataclass(frozen=True)
class _Counted:
    """A stretch in which a clock ran, and by what measure."""

    start: datetime
    end: datetime | None
    target: Target | None


def clocks(log: Sequence[Entry], calendar: WorkCalendar, at: datetime) -> Mapping[Promise, Clock]:
    """Every promise's clock as of `at`; what the log says after `at` does not count."""
    known = stretches([entry for entry in log if entry.at <= at])
    return {promise: _clock(promise, known, calendar, at) for promise in Promise}


def reached_at(
    promise: Promise, log: Sequence[Entry], calendar: WorkCalendar, fraction: float, at: datetime
) -> datetime | None:
    """When `fraction` of the promised time was used, if that was by `at` and the clock ran then."""
    known = stretches([entry for entry in log if entry.at <= at])
    target = known[-1].terms.targets.get(promise)
    if target is None:
        return None
    counted = _counted(promise, known)
    found = _crossing(counted, calendar, target.within * fraction)
    return found if found is not None and found <= at else None


def runs(promise: Promise, stretch: Stretch) -> bool:
    """Whether the clock of a promise counts during a stretch."""
    if stretch.state.is_over:
        return False
    if promise is Promise.RESPONSE:
        return Deed.ANSWERED not in stretch.deeds
    if promise is Promise.RESTORE and Deed.RESTORED in stretch.deeds:
        return False
    return not stretch.state.pauses


def _clock(
    promise: Promise, known: Sequence[Stretch], calendar: WorkCalendar, at: datetime
) -> Clock:
    target = known[-1].terms.targets.get(promise)
    counted = _counted(promise, known)
    used = sum((_measure(span, calendar, span.end or at) for span in counted), _NOTHING)
    standing = _standing(promise, known[-1], target)
    deadline = None
    if target is not None and standing is not Standing.PAUSED:
        deadline = _crossing(_prolonged(counted), calendar, target.within)
    return Clock(
        promise=promise,
        standing=standing,
        target=target,
        used=used,
        deadline=deadline,
        met_at=_met_at(promise, known) if standing is Standing.MET else None,
        provisional=deadline is not None
        and not (target is not None and target.around_the_clock)
        and calendar.is_provisional(moscow_date(deadline)),
    )


def _standing(promise: Promise, last: Stretch, target: Target | None) -> Standing:
    if target is None:
        return Standing.NOT_PROMISED
    if runs(promise, last):
        return Standing.RUNNING
    return Standing.PAUSED if _pauses(promise, last) else Standing.MET


def _pauses(promise: Promise, last: Stretch) -> bool:
    if promise is Promise.RESPONSE or not last.state.pauses:
        return False
    return promise is Promise.RESOLVE or Deed.RESTORED not in last.deeds


def _met_at(promise: Promise, known: Sequence[Stretch]) -> datetime:
    """When the promise was kept for the last time: a reopened request is not resolved."""
    met = known[-1].start
    for stretch in reversed(known):
        if runs(promise, stretch) or _pauses(promise, stretch):
            break
        met = stretch.start
    return met


def _counted(promise: Promise, known: Sequence[Stretch]) -> Sequence[_Counted]:
    return [
        _Counted(stretch.start, stretch.end, stretch.terms.targets.get(promise))
        for stretch in known
        if runs(promise, stretch)
    ]


def _prolonged(counted: Sequence[_Counted]) -> Sequence[_Counted]:
    """As if the last stretch had gone on: a promise kept early had a deadline too."""
    if not counted:
        return counted
    last = counted[-1]
    return [*counted[:-1], _Counted(last.start, None, last.target)]


def _crossing(
    counted: Sequence[_Counted], calendar: WorkCalendar, wanted: timedelta
) -> datetime | None:
    """The instant at which `wanted` of time is used; None where the clock stopped before."""
    used = _NOTHING
    for span in counted:
        left = wanted - used
        if left <= _NOTHING:
            # A smaller target began to hold when more than that was used already.
            return span.start
        if span.end is None:
            return _after(span, calendar, left)
        length = _measure(span, calendar, span.end)
        if left <= length:
            return _after(span, calendar, left)
        used += length
    return None


def _measure(span: _Counted, calendar: WorkCalendar, end: datetime) -> timedelta:
    if span.target is not None and span.target.around_the_clock:
        return end - span.start
    return business_time.between(calendar, span.start, end)


def _after(span: _Counted, calendar: WorkCalendar, left: timedelta) -> datetime:
    if span.target is not None and span.target.around_the_clock:
        return span.start + left
    return business_time.add(calendar, span.start, left)
