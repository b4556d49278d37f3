from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.intervals import Interval, IntervalEndsError, gaps, union

FIRST = date(2025, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


SPANS = st.lists(
    st.builds(
        lambda start, length: Interval(day(start), day(start + length)),
        st.integers(0, 60),
        st.integers(0, 20),
    ),
    max_size=6,
)


def days_of(intervals: Iterable[Interval]) -> set[int]:
    return {number for number in range(-5, 100) if any(day(number) in item for item in intervals)}


def test_both_ends_are_inside_and_their_neighbours_are_not() -> None:
    interval = Interval(day(3), day(5))
    assert [day(n) in interval for n in range(2, 7)] == [False, True, True, True, False]


def test_an_interval_may_be_one_day_long_but_not_end_before_it_starts() -> None:
    assert day(1) in Interval(day(1), day(1))
    with pytest.raises(IntervalEndsError):
        Interval(day(2), day(1))


def test_neighbouring_days_make_one_interval_and_a_day_between_makes_two() -> None:
    assert union([Interval(day(5), day(9)), Interval(day(0), day(4))]) == (
        Interval(day(0), day(9)),
    )
    apart = (Interval(day(0), day(4)), Interval(day(6), day(9)))
    assert union(apart) == apart
    assert gaps(apart) == (Interval(day(5), day(5)),)


def test_a_short_interval_inside_a_long_one_does_not_cut_it() -> None:
    long = Interval(day(0), day(30))
    assert union([long, Interval(day(3), day(4))]) == (long,)


def test_the_calendars_last_day_does_not_break_the_union() -> None:
    last = Interval(date.max, date.max)
    assert union([last, last]) == (last,)


@given(SPANS)
def test_the_union_holds_the_same_days(intervals: list[Interval]) -> None:
    assert days_of(union(intervals)) == days_of(intervals)


@given(SPANS)
def test_the_union_is_in_order_and_its_parts_do_not_touch(intervals: list[Interval]) -> None:
    merged = union(intervals)
    for earlier, later in pairwise(merged):
        assert later.start - earlier.end > timedelta(days=1)


@given(SPANS, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(intervals: list[Interval], chance: Random) -> None:
    shuffled = list(intervals)
    chance.shuffle(shuffled)
    assert union(shuffled) == union(intervals)


@given(SPANS)
def test_a_union_united_again_stays_as_it_is(intervals: list[Interval]) -> None:
    assert union(union(intervals)) == union(intervals)


@given(SPANS)
def test_gaps_and_periods_together_fill_the_whole_span(intervals: list[Interval]) -> None:
    merged, between = union(intervals), gaps(intervals)
    assert not days_of(merged) & days_of(between)
    if merged:
        assert union([*merged, *between]) == (Interval(merged[0].start, merged[-1].end),)
    else:
        assert between == ()
