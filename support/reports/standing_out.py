"""Early warning: a lot or a firmware that fails more often than the rest of its product (pure)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

from support.reports.question import Key
from support.reports.repair_lines import RepairLine


@dataclass(frozen=True)
class Rule:
    """When a lot or a firmware stands out; all of it must hold.

    `phones` in service, and as many others of the product to compare with; `failures` in the
    period; at least `times` the rate of the others; and a `chance` of so many failures, were it
    like the others, of no more than that (Poisson).
    """

    phones: int = 50
    failures: int = 5
    times: float = 2.0
    chance: float = 0.001


RULE = Rule()


@dataclass(frozen=True)
class StandsOut:
    """A line that stands out: what it would have had at the others' rate, and how likely it is."""

    line: RepairLine
    others_rate: float
    expected: float
    chance: float

    @property
    def key(self) -> Key:
        return self.line.key


def standing_out(
    lines: Sequence[RepairLine], phones: Mapping[Key, int], rule: Rule = RULE
) -> list[StandsOut]:
    """Those of the lines (keys: product, then lot or firmware) that stand out, the worst first.

    `phones` are all in service, those of lots that never failed too. A line without a lot or a
    version is compared with, and never stands out itself.
    """
    failed: Counter[str] = Counter()
    served: Counter[str] = Counter()
    for line in lines:
        failed[line.key[0]] += line.failures
    for key, count in phones.items():
        served[key[0]] += count
    found = []
    for line in lines:
        others = served[line.key[0]] - line.phones
        judged = _judged(line, failed[line.key[0]] - line.failures, others, rule)
        if judged is not None and line.key[1]:
            found.append(judged)
    return sorted(found, key=lambda one: (one.chance, one.key))


def _judged(line: RepairLine, failures: int, phones: int, rule: Rule) -> StandsOut | None:
    if line.failures < rule.failures or min(line.phones, phones) < rule.phones:
        return None
    rate = failures / phones
    expected = rate * line.phones
    # First what costs nothing: most lines are like the others.
    if line.failures < rule.times * expected:
        return None
    chance = at_least(line.failures, expected)
    if chance > rule.chance:
        return None
    return StandsOut(line, rate, expected, chance)


def at_least(count: int, expected: float) -> float:
    """How likely `count` or more events are where `expected` are usual (Poisson)."""
    if expected <= 0:
        return 1.0 if count <= 0 else 0.0
    below = sum(exp(k * log(expected) - expected - lgamma(k + 1)) for k in range(count))
    return max(0.0, 1.0 - below)
