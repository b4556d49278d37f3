"""The lines of a report of repairs, made of what was counted (pure).

A case is one phone of one fault report that was not cancelled. A failure is a case that the phone
itself may be to blame for (`tally.is_failure`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from support.cases.vocabulary import Reason
from support.reports import tally
from support.reports.question import Key
from support.reports.spread import Spread
from support.reports.tally import Tally


@dataclass(frozen=True)
class Figures:
    """What was counted.

    `in_service` is less than the sum of `phones` where one phone ran two versions in the period.
    """

    tallies: Sequence[Tally] = ()
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
    counted = tally.by_key(found.tallies)
    made = [_line(key, one, found.phones.get(key, 0)) for key, one in counted.items() if one.cases]
    return sorted(made, key=lambda line: (-line.failures, -line.cases, line.key))


def together(found: Figures) -> RepairLine:
    """Everything in one line."""
    return _line((), tally.together((), found.tallies), found.in_service)


def _line(key: Key, found: Tally, phones: int) -> RepairLine:
    reasons = sorted(found.reasons.items(), key=lambda one: (-one[1], one[0]))
    return RepairLine(
        key=key,
        phones=phones,
        cases=found.cases,
        failures=found.failures,
        undecided=found.undecided,
        covered=found.covered,
        reasons=dict(reasons),
        replaced=found.replaced,
        repeats=found.repeats,
        spread=Spread.of(found.days, found.in_time),
        offered=found.offered,
        accepted=found.accepted,
        amount=Decimal(found.kopecks) / 100,
    )
