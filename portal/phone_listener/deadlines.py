"""Which connections have had their time: a place for each second instead of a timer for each.

A deadline that moves on costs an assignment: its connection is looked at when the old one is due,
and put to its new place then. One that has ended is dropped at once: a place would else hold all
that ended in the minute before, with what they read.
"""

import math
from collections import defaultdict
from typing import Generic, Protocol, TypeVar


class Timed(Protocol):
    """What has a deadline, in seconds of one clock; `booked` is the wheel's own note."""

    due_s: float
    booked: int


What = TypeVar("What", bound=Timed)


class Deadlines(Generic[What]):
    """All that has a deadline; what has none any more sets it to infinity and is dropped."""

    def __init__(self, now_s: float) -> None:
        self._places: defaultdict[int, set[What]] = defaultdict(set)
        self._reached = int(now_s)

    def book(self, timed: What) -> None:
        """Look at it in time: to be called when its deadline is new, or earlier than it was."""
        if timed.due_s == math.inf:
            return
        place = max(math.ceil(timed.due_s), self._reached + 1)
        if timed.booked and timed.booked <= place:
            return
        self.drop(timed)
        timed.booked = place
        self._places[place].add(timed)

    def drop(self, timed: What) -> None:
        """It has ended, and is looked at no more."""
        if timed.booked:
            self._places[timed.booked].discard(timed)
            timed.booked = 0

    def passed(self, now_s: float) -> list[What]:
        """What is due by now; each is told once."""
        due: list[What] = []
        while self._reached < int(now_s):
            self._reached += 1
            for timed in self._places.pop(self._reached, ()):
                timed.booked = 0
                if timed.due_s <= now_s:
                    due.append(timed)
                elif timed.due_s < math.inf:
                    self.book(timed)
        return due
