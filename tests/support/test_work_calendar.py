from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.calendars.loading import SHIPPED, CalendarFileError, parse, shipped
from support.work_calendar import CalendarEmptyError, WorkCalendar

CALENDAR = shipped()
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(("year", "days"), [(2024, 248), (2025, 247), (2026, 247), (2027, 247)])
def test_each_decreed_year_has_its_number_of_working_days(year: int, days: int) -> None:
    assert CALENDAR.working_days(year) == days
    assert not CALENDAR.is_provisional(date(year, 6, 1))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2025, 11, 1), True),  # a Saturday, worked
        (date(2025, 11, 3), False),  # the Monday given for it
        (date(2026, 1, 9), False),  # moved there
        (date(2026, 12, 31), False),
        (date(2027, 2, 20), True),  # a Saturday, worked
        (date(2027, 2, 22), False),
        (date(2026, 11, 21), False),  # an ordinary Saturday
        (date(2026, 11, 23), True),
    ],
)
def test_moved_days_off_and_worked_saturdays_are_known(day: date, works: bool) -> None:
    assert CALENDAR.is_working(day) is works


def test_a_year_without_a_decree_is_reckoned_from_fixed_holidays_and_provisional() -> None:
    assert CALENDAR.is_provisional(date(2029, 5, 9))
    assert not CALENDAR.is_working(date(2029, 5, 9))
    assert CALENDAR.is_working(date(2029, 5, 10))


@given(DAYS)
def test_the_nearest_working_days_are_worked_and_nothing_worked_lies_between(day: date) -> None:
    after, before = CALENDAR.next_working(day), CALENDAR.last_working(day)
    assert CALENDAR.is_working(after)
    assert CALENDAR.is_working(before)
    assert before <= day <= after
    between = (day + timedelta(n) for n in range(1, (after - day).days))
    assert not any(CALENDAR.is_working(other) for other in between)


def test_a_calendar_without_working_days_is_an_error_and_no_endless_loop() -> None:
    rest = frozenset(date(2026, 1, 1) + timedelta(n) for n in range(365))
    empty = WorkCalendar(rest, frozenset(), frozenset({2026}), frozenset())
    with pytest.raises(CalendarEmptyError):
        empty.next_working(date(2026, 6, 1))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("days = 248", "days = 249", "2024 has 248"),
        ('working = ["11-01"]', 'working = ["11-31"]', "day is out of range"),
        ("opens = 09:00:00", "opens = 19:00:00", "opens and closes"),
        ("opens = 09:00:00", "", "opens is missing"),
        ("opens = 09:00:00", "opens =", "Invalid value"),
        ("fixed = [", "fixed = 7 # [", "not iterable"),
    ],
)
def test_a_calendar_with_a_slip_of_the_pen_is_refused(old: str, new: str, reason: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(CalendarFileError, match=reason):
        parse("mine.toml", text.replace(old, new))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = " + "[" * 50_000, "deeply nested"),
        ("a = " + "{a=" * 20_000, "deeply nested"),
        ("a." * 30_000 + "a = 1", "too many dots"),
        ("1.0-" * 16_384, "too many dots"),
    ],
    ids=["lists", "tables", "key", "numbers"],
)
def test_s20_a_calendar_that_is_dear_to_read_is_refused(text: str, reason: str) -> None:
    with pytest.raises(CalendarFileError, match=reason):
        parse("calendar.toml", text)
