"""Days over cases: the middle, nine of ten, the share in time."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from support.reports.spread import Spread

CASES = st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.integers(1, 4)), max_size=40)


def test_nothing_done_has_no_middle_and_no_share() -> None:
    empty = Spread.of([])
    assert (empty.cases, empty.median, empty.p90, empty.share_in_time) == (0, None, None, None)


def test_the_middle_and_nine_of_ten_are_days_that_cases_took() -> None:
    found = Spread.of([(2, True, 5), (9, True, 4), (20, False, 1)])
    assert (found.cases, found.median, found.p90, found.share_in_time) == (10, 2, 9, 0.9)


@given(CASES, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_the_days_of_a_share_are_the_least_within_which_it_was_done(
    cases: list[tuple[int, bool, int]], share: float
) -> None:
    whole = sorted(days for days, _kept, count in cases for _one in range(count))
    found = Spread.of(cases)
    expected = whole[max(1, ceil(share * len(whole))) - 1] if whole else None
    assert found.within(share) == expected
    assert found.in_time == sum(count for _days, kept, count in cases if kept)


@given(CASES)
def test_the_order_and_the_grouping_of_rows_change_nothing(
    cases: list[tuple[int, bool, int]],
) -> None:
    apart = [(days, kept, 1) for days, kept, count in cases for _one in range(count)]
    assert Spread.of(cases) == Spread.of(reversed(apart))
