"""How many cases of one line there are and what they came to: counts that add up (pure).

Days and reasons have a count for each value. A row holds them as text, "11:3 14:1", which many
rows of a database make a longer one of: adding them is left to this module.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from support.cases.vocabulary import Reason
from support.reports.question import Key

Value = TypeVar("Value", bound=Hashable)
#: Of refusals, those in which the phone itself may still be to blame.
FAULTS = frozenset({Reason.TERM_EXPIRED})


def is_failure(*, covered: bool | None, reason: Reason | None) -> bool:
    """Whether a case may be the phone's own fault: covered, undecided, or its term was over."""
    return covered is not False or reason in FAULTS


@dataclass(frozen=True)
class Tally:
    """Cases alike by their key. `kopecks` is what customers agreed to pay.

    `days` are those that covered cases took, cancelled ones among them; `in_time` how many of
    these kept the term.
    """

    key: Key
    cases: int = 0
    failures: int = 0
    undecided: int = 0
    covered: int = 0
    replaced: int = 0
    repeats: int = 0
    in_time: int = 0
    offered: int = 0
    accepted: int = 0
    kopecks: int = 0
    days: Mapping[int, int] = field(default_factory=dict)
    reasons: Mapping[Reason, int] = field(default_factory=dict)


#: What of a tally is one number: the columns of its row bear the same names.
NUMBERS = (
    "cases", "failures", "undecided", "covered", "replaced", "repeats", "in_time",
    "offered", "accepted", "kopecks",
)  # fmt: skip


def together(key: Key, rows: Iterable[Tally]) -> Tally:
    """All of it under one key."""
    found = list(rows)
    days, reasons = Counter[int](), Counter[Reason]()
    for one in found:
        days.update(one.days)
        reasons.update(one.reasons)
    numbers = {name: sum(getattr(one, name) for one in found) for name in NUMBERS}
    return Tally(key, **numbers, days=days, reasons=reasons)


def by_key(rows: Iterable[Tally]) -> Mapping[Key, Tally]:
    """One tally for each key."""
    found: dict[Key, list[Tally]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return {key: one[0] if len(one) == 1 else together(key, one) for key, one in found.items()}


def counts(text: str | None, read: Callable[[str], Value]) -> dict[Value, int]:
    """The counts that a text of "what:how many" adds up to; `read` makes of a word what it is."""
    found: dict[Value, int] = {}
    # Equal words first: of many rows the words are few.
    for word, times in Counter((text or "").split()).items():
        what, count = _read(word, read)
        found[what] = found.get(what, 0) + count * times
    return found


@lru_cache(maxsize=10_000)
def _read(word: str, read: Callable[[str], Value]) -> tuple[Value, int]:
    what, _colon, count = word.rpartition(":")
    return read(what), int(count)


def written(found: Mapping[str, int]) -> str:
    """Counts as a row holds them."""
    return " ".join(f"{what}:{count}" for what, count in sorted(found.items()))
