"""A period in whole months and single days: each day once, none too many."""

import itertools
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from support.reports.months import days_of, month_of, split

DAYS = st.dates(date(2000, 1, 1), date(2004, 12, 31))
MONTHS = st.sets(DAYS.map(month_of), max_size=5)


def every_day(since: date, until: date) -> list[date]:
    return [since + timedelta(days=n) for n in range((until - since).days + 1)]


@given(DAYS, DAYS, MONTHS)
def test_each_day_of_a_period_is_counted_once(one: date, other: date, changed: set[date]) -> None:
    since, until = sorted((one, other))
    found = split(since, until, changed)
    days = [day for span in found.spans for day in every_day(*span)]
    if found.whole is not None:
        first, last = found.whole
        months = {month_of(day) for day in every_day(first, days_of(last)[1])}
        assert months & changed == set(found.but)
        days += [day for month in months - set(found.but) for day in every_day(*days_of(month))]
    assert sorted(days) == every_day(since, until)


@given(DAYS, MONTHS)
def test_neighbours_are_one_span(since: date, changed: set[date]) -> None:
    spans = split(since, date(2005, 12, 31), changed).spans
    for (_first, until), (following, _last) in itertools.pairwise(spans):
        assert until + timedelta(days=1) < following


def test_the_last_month_of_all_is_a_month() -> None:
    assert split(date(9999, 12, 1), date(9999, 12, 31), ()).whole == (date(9999, 12, 1),) * 2
    assert split(date(9999, 12, 2), date(9999, 12, 31), ()).whole is None
