"""Days over cases: the middle, nine of ten, the share in time."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from support.reports.spread import Spread

CASES = st.dictionaries(st.integers(0, 60), st.integers(1, 4), max_size=40)


def test_nothing_done_has_no_middle_and_no_share() -> None:
    empty = Spread.of({}, 0)
    assert (empty.cases, empty.median, empty.p90, empty.share_in_time) == (0, None, None, None)


def test_the_middle_and_nine_of_ten_are_days_that_cases_took() -> None:
    found = Spread.of({20: 1, 2: 5, 9: 4}, 9)
    assert (found.cases, found.median, found.p90, found.share_in_time) == (10, 2, 9, 0.9)


@given(CASES, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_the_days_of_a_share_are_the_least_within_which_it_was_done(
    cases: dict[int, int], share: float
) -> None:
    whole = sorted(days for days, count in cases.items() for _one in range(count))
    expected = whole[max(1, ceil(share * len(whole))) - 1] if whole else None
    assert Spread.of(cases, 0).within(share) == expected
