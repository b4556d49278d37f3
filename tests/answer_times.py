"""Whether two kinds of answers take equally long: what a guesser with a clock learns (pure)."""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: The share of the slowest that is left out: other work of the machine came between.
DISTURBED = 0.1


@dataclass(frozen=True)
class Times:
    """How many seconds each answer took, of two kinds that were asked for by turns."""

    one: Sequence[float]
    other: Sequence[float]

    @property
    def apart(self) -> float:
        """By which share of the smaller one the medians differ."""
        return _share(statistics.median(self.one), statistics.median(self.other))

    @property
    def fastest_apart(self) -> float:
        """By which share the quickest answers differ: what few of them tell on a busy machine."""
        return _share(min(self.one), min(self.other))

    @property
    def welch_t(self) -> float:
        """Welch's t of what was not disturbed; about 0 where both are one distribution."""
        return welch_t(*undisturbed(self.one, self.other))


def by_turns(
    one: Callable[[int], float], other: Callable[[int], float], pairs: int, chance: random.Random
) -> Times:
    """Ask for so many of each, which of a pair comes first being left to chance."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        for kind in chance.sample((0, 1), 2):
            taken[kind].append((one, other)[kind](number))
    return Times(*taken)


def undisturbed(
    one: Sequence[float], other: Sequence[float], share: float = DISTURBED
) -> tuple[Sequence[float], Sequence[float]]:
    """Both without what took longer than all but a share of them together.

    The bound is common to both: a bound for each would take away what one is slower by.
    """
    pooled = sorted([*one, *other])
    bound = pooled[max(math.ceil(len(pooled) * (1 - share)) - 1, 0)]
    return [t for t in one if t <= bound], [t for t in other if t <= bound]


def welch_t(one: Sequence[float], other: Sequence[float]) -> float:
    """How many standard errors lie between the means of samples whose variances may differ."""
    if min(len(one), len(other)) < 2:
        return math.inf
    between = statistics.fmean(one) - statistics.fmean(other)
    error = math.sqrt(statistics.variance(one) / len(one) + statistics.variance(other) / len(other))
    if not error:
        return math.copysign(math.inf, between) if between else 0.0
    return between / error


def _share(first: float, second: float) -> float:
    return abs(first - second) / min(first, second)
