"""What counts as what in a report of repairs, and the report's lines (pure).

A case is one phone of one fault report that was not cancelled. A failure is a case that the phone
itself may be to blame for: covered, not decided yet, or refused only because the term was over.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from support.cases.vocabulary import Reason, Resolution
from support.reports.question import Key
from support.reports.spread import Spread


@dataclass(frozen=True)
class Cases:
    """So many cases alike."""

    key: Key
    cancelled: bool
    covered: bool | None
    reason: Reason | None
    resolution: Resolution | None
    repeat: bool
    count: int

    @property
    def is_failure(self) -> bool:
        return self.covered is not False or self.reason is Reason.TERM_EXPIRED


@dataclass(frozen=True)
class Taken:
    """So many covered cases that took so many days."""

    key: Key
    days: int
    in_time: bool
    count: int


@dataclass(frozen=True)
class Quotes:
    """So many paid repairs offered, with one answer (None: none yet), for so much together."""

    key: Key
    accepted: bool | None
    count: int
    amount: Decimal


Row = TypeVar("Row", Cases, Taken, Quotes)


@dataclass(frozen=True)
class Figures:
    """What was counted in the database.

    `in_service` is less than the sum of `phones` where one phone ran two versions in the period.
    """

    cases: Sequence[Cases] = ()
    taken: Sequence[Taken] = ()
    quotes: Sequence[Quotes] = ()
    phones: Mapping[Key, int] = field(default_factory=dict)
    in_service: int = 0


@dataclass(frozen=True)
class RepairLine:
    """One line of the report. `phones` are in service; `amount` is what customers agreed to pay."""

    key: Key
    phones: int
    cases: int
    failures: int
    undecided: int
    covered: int
    reasons: Mapping[Reason, int]
    replaced: int
    repeats: int
    spread: Spread
    offered: int
    accepted: int
    amount: Decimal

    @property
    def refused(self) -> int:
        return sum(self.reasons.values())

    @property
    def rate(self) -> float | None:
        """Failures for each phone in service."""
        return self.failures / self.phones if self.phones else None


def lines(found: Figures) -> list[RepairLine]:
    """A line for each key that has cases, the most failures first."""
    keys = sorted({one.key for one in found.cases if not one.cancelled})
    by_key = _by_key(found, keys)
    made = [_line(key, by_key[key]) for key in keys]
    return sorted(made, key=lambda line: (-line.failures, -line.cases, line.key))


def together(found: Figures) -> RepairLine:
    """Everything in one line."""
    return _line((), found)


def _by_key(found: Figures, keys: Iterable[Key]) -> Mapping[Key, Figures]:
    cases, taken, quotes = _grouped(found.cases), _grouped(found.taken), _grouped(found.quotes)
    return {
        key: Figures(
            cases.get(key, ()),
            taken.get(key, ()),
            quotes.get(key, ()),
            in_service=found.phones.get(key, 0),
        )
        for key in keys
    }


def _grouped(rows: Iterable[Row]) -> Mapping[Key, Sequence[Row]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return found


def _line(key: Key, found: Figures) -> RepairLine:
    counted = [one for one in found.cases if not one.cancelled]
    reasons: Counter[Reason] = Counter()
    for one in counted:
        if one.covered is False and one.reason is not None:
            reasons[one.reason] += one.count
    agreed = [one for one in found.quotes if one.accepted]
    return RepairLine(
        key=key,
        phones=found.in_service,
        cases=_sum(counted),
        failures=_sum(one for one in counted if one.is_failure),
        undecided=_sum(one for one in counted if one.covered is None),
        covered=_sum(one for one in counted if one.covered),
        reasons=dict(reasons.most_common()),
        replaced=_sum(one for one in counted if one.resolution is Resolution.REPLACED),
        repeats=_sum(one for one in counted if one.repeat),
        spread=Spread.of((one.days, one.in_time, one.count) for one in found.taken),
        offered=_sum(found.quotes),
        accepted=_sum(agreed),
        amount=sum((one.amount for one in agreed), Decimal(0)),
    )


def _sum(rows: Iterable[Cases | Quotes]) -> int:
    return sum(one.count for one in rows)
