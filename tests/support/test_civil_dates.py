from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.civil_dates import CalendarEndError, add_days, add_months, date_text

DATES = st.dates(date(1990, 1, 1), date(2200, 12, 31))
MONTHS = st.integers(0, 600)


@pytest.mark.parametrize(
    ("handover", "months", "last_day"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 11, 22), 12, date(2026, 11, 22)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 3, 31), 3, date(2025, 6, 30)),
        (date(2025, 12, 31), 12, date(2026, 12, 31)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)),
        (date(2025, 5, 5), 0, date(2025, 5, 5)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
    ],
)
def test_a_term_of_months_ends_on_the_same_day_number_or_the_months_last(
    handover: date, months: int, last_day: date
) -> None:
    assert add_months(handover, months) == last_day


def test_a_year_is_twelve_months_and_never_365_days() -> None:
    handover = date(2023, 6, 1)
    assert add_months(handover, 12) == date(2024, 6, 1) != handover + timedelta(days=365)


def test_two_terms_are_counted_from_the_origin_because_a_chain_loses_a_day() -> None:
    handover = date(2024, 2, 29)
    assert add_months(handover, 12 + 36) == date(2028, 2, 29)
    assert add_months(add_months(handover, 12), 36) == date(2028, 2, 28)


@given(DATES, MONTHS)
def test_a_term_never_ends_before_it_began(start: date, months: int) -> None:
    assert add_months(start, months) >= start


@given(DATES, MONTHS)
def test_one_month_more_always_ends_later(start: date, months: int) -> None:
    assert add_months(start, months) < add_months(start, months + 1)


@given(DATES, DATES, MONTHS)
def test_a_later_start_never_ends_earlier(one: date, other: date, months: int) -> None:
    first, second = sorted((one, other))
    assert add_months(first, months) <= add_months(second, months)


@given(DATES, MONTHS)
def test_the_end_keeps_the_day_number_unless_its_month_is_too_short(
    start: date, months: int
) -> None:
    end = add_months(start, months)
    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


@given(DATES, MONTHS, MONTHS)
def test_a_chain_of_terms_can_only_lose_days_and_at_most_three(
    start: date, first: int, second: int
) -> None:
    lost = add_months(start, first + second) - add_months(add_months(start, first), second)
    assert timedelta(0) <= lost <= timedelta(days=3)


@pytest.mark.parametrize(("start", "months"), [(date.max, 1), (date.min, -1), (date.max, 10**9)])
def test_a_term_that_leaves_the_calendar_is_refused_in_both_languages(
    start: date, months: int
) -> None:
    with pytest.raises(CalendarEndError) as refused:
        add_months(start, months)
    assert str(months) in refused.value.text("ru")
    assert str(months) in refused.value.text("en")


def test_the_calendars_last_month_itself_is_reached() -> None:
    assert add_months(date(9999, 11, 30), 1) == date(9999, 12, 30)


def test_days_are_counted_from_the_next_day() -> None:
    assert add_days(date(2026, 12, 17), 14) == date(2026, 12, 31)


def test_days_that_leave_the_calendar_are_refused() -> None:
    with pytest.raises(CalendarEndError):
        add_days(date.max, 1)


def test_a_date_is_written_as_its_reader_writes_it() -> None:
    assert date_text(date(2026, 1, 2), "ru") == "02.01.2026"
    assert date_text(date(2026, 11, 22), "ru") == "22.11.2026"
    assert date_text(date(2026, 11, 22), "en") == "22 November 2026"
    assert date_text(date(2026, 1, 2), "en") == "2 January 2026"
