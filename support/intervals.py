"""Spans of civil dates, both ends inclusive, and the union and gaps of many of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from storage.refusals import RefusedError

ONE_DAY = timedelta(days=1)


class IntervalEndsError(RefusedError):
    code = "interval-ends"
    ru = "Последний день ({end}) раньше первого ({start})."
    en = "The last day ({end}) is before the first ({start})."


@dataclass(frozen=True, order=True)
class Interval:
    """The days from `start` to `end`, both of them included; raises IntervalEndsError."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise IntervalEndsError(start=self.start, end=self.end)

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same days as the fewest intervals, in order; neighbouring days make one interval."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.start - merged[-1].end <= ONE_DAY:
            last = merged.pop()
            merged.append(Interval(last.start, max(last.end, interval.end)))
        else:
            merged.append(interval)
    return tuple(merged)


def gaps(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The days between the first and the last of `intervals` that none of them holds."""
    return tuple(
        Interval(earlier.end + ONE_DAY, later.start - ONE_DAY)
        for earlier, later in pairwise(union(intervals))
    )
