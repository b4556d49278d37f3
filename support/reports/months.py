"""Which part of a period whole months answer for, and which days are counted one by one (pure)."""

from calendar import monthrange
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

Span = tuple[date, date]
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Split:
    """`whole`: the first days of the first and the last whole month, None where there is none.

    The months of `but` are among them and changed since they were counted: their days stand in
    `spans`, with those of a month that the period only touches.
    """

    whole: Span | None
    but: tuple[date, ...]
    spans: tuple[Span, ...]


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def days_of(month: date) -> Span:
    """The first and the last day of the month that this day begins."""
    return month, month.replace(day=monthrange(month.year, month.month)[1])


def split(since: date, until: date, changed: Collection[date]) -> Split:
    """The days of a period, each once; `changed` months are counted by day."""
    first, last = _number(since), _number(until)
    if since.day != 1:
        first += 1
    if until != days_of(month_of(until))[1]:
        last -= 1
    if first > last:
        return Split(None, (), ((since, until),))
    begin, end = _first_day(first), days_of(_first_day(last))[1]
    but = tuple(sorted(month for month in changed if begin <= month <= end))
    spans: list[Span] = []
    if since < begin:
        spans.append((since, begin - _DAY))
    spans += [days_of(month) for month in but]
    if end < until:
        spans.append((end + _DAY, until))
    return Split((begin, month_of(end)), but, _joined(spans))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Neighbours as one: a database looks for fewer of them."""
    found: list[Span] = []
    for since, until in spans:
        if found and found[-1][1] + _DAY == since:
            found[-1] = (found[-1][0], until)
        else:
            found.append((since, until))
    return tuple(found)


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_day(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
