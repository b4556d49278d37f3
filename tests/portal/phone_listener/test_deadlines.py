"""A deadline is told once, in its second, wherever it was moved to."""

import gc
import math
import weakref
from dataclasses import dataclass

from portal.phone_listener.deadlines import Deadlines


@dataclass(eq=False)
class Timed:
    due_s: float = math.inf
    booked: int = 0


def test_each_is_told_once_within_its_second() -> None:
    deadlines: Deadlines[Timed] = Deadlines(100.5)
    first, second = Timed(103.2), Timed(101.0)
    deadlines.book(first)
    deadlines.book(second)
    assert deadlines.passed(100.9) == []
    assert deadlines.passed(101.1) == [second]
    assert deadlines.passed(103.9) == []
    assert deadlines.passed(107.0) == [first]
    assert deadlines.passed(200.0) == []


def test_one_that_moves_on_is_told_then_and_one_without_never() -> None:
    deadlines: Deadlines[Timed] = Deadlines(0.0)
    moved, dropped = Timed(5.0), Timed(5.0)
    for timed in (moved, dropped):
        deadlines.book(timed)
    moved.due_s, dropped.due_s = 9.5, math.inf
    assert deadlines.passed(9.0) == []
    assert deadlines.passed(10.0) == [moved]
    dropped.due_s = 12.0
    deadlines.book(dropped)
    assert deadlines.passed(12.5) == [dropped]


def test_one_that_comes_earlier_than_it_was_is_told_earlier_and_once() -> None:
    deadlines: Deadlines[Timed] = Deadlines(0.0)
    timed = Timed(75.0)
    deadlines.book(timed)
    timed.due_s = 10.0
    deadlines.book(timed)
    assert deadlines.passed(10.0) == [timed]
    assert deadlines.passed(80.0) == []


def test_one_that_is_due_already_is_told_next() -> None:
    deadlines: Deadlines[Timed] = Deadlines(50.0)
    timed = Timed(3.0)
    deadlines.book(timed)
    assert deadlines.passed(51.0) == [timed]


def test_one_that_has_ended_is_neither_told_nor_held() -> None:
    deadlines: Deadlines[Timed] = Deadlines(0.0)
    timed = Timed(75.0)
    deadlines.book(timed)
    timed.due_s = 10.0
    deadlines.book(timed)
    deadlines.drop(timed)
    assert deadlines.passed(80.0) == []
    held = weakref.ref(timed)
    del timed
    gc.collect()
    assert held() is None


def test_what_has_ended_is_not_held_until_its_second_comes() -> None:
    deadlines: Deadlines[Timed] = Deadlines(0.0)
    timed = Timed(75.0)
    deadlines.book(timed)
    deadlines.drop(timed)
    held = weakref.ref(timed)
    del timed
    gc.collect()
    assert held() is None
