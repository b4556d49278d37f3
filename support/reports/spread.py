"""How days are spread over cases: the middle, the slow tenth, the share in time (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Spread:
    """`counts` says how many cases took how many days; `in_time` how many kept the term."""

    counts: tuple[tuple[int, int], ...] = ()
    in_time: int = 0

    @classmethod
    def of(cls, days: Mapping[int, int], in_time: int) -> "Spread":
        """The spread of how many cases took how many days."""
        return cls(tuple(sorted(days.items())), in_time)

    @property
    def cases(self) -> int:
        return sum(count for _days, count in self.counts)

    @property
    def median(self) -> int | None:
        return self.within(0.5)

    @property
    def p90(self) -> int | None:
        return self.within(0.9)

    @property
    def share_in_time(self) -> float | None:
        return self.in_time / self.cases if self.cases else None

    def within(self, share: float) -> int | None:
        """The least number of days within which this share of the cases was done."""
        needed, done = max(1, ceil(share * self.cases)), 0
        for days, count in self.counts:
            done += count
            if done >= needed:
                return days
        return None
