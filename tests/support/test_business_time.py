from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.clock import MOSCOW
from support import business_time
from support.business_time import HorizonError
from support.calendars.loading import shipped

CALENDAR = shipped()
START = datetime(2024, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 4 * 365 * 86_400).map(lambda second: START + timedelta(seconds=second))
DURATIONS = st.integers(0, 200 * 3600).map(lambda seconds: timedelta(seconds=seconds))


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2025-10-31T17:00", 8, "2025-11-01T16:00"),  # into a worked Saturday
        ("2025-12-30T17:00", 4, "2026-01-12T12:00"),  # over the New Year
        ("2026-12-30T17:30", 2, "2027-01-11T10:30"),
        ("2026-11-23T18:00", 1, "2026-11-24T10:00"),  # closing time is outside
        ("2026-11-23T17:59:59", 1 / 3600, "2026-11-23T18:00"),
        ("2027-02-19T17:00", 2, "2027-02-20T10:00"),  # a worked Saturday again
    ],
)
def test_s3_time_counts_only_within_working_hours(start: str, hours: float, end: str) -> None:
    found = business_time.add(CALENDAR, moscow(start), timedelta(hours=hours))
    assert found == moscow(end)


def test_s3_a_request_outside_hours_counts_from_the_next_opening() -> None:
    friday_evening = moscow("2026-11-20T19:30")
    assert business_time.next_opening(CALENDAR, friday_evening) == moscow("2026-11-23T09:00")
    assert not business_time.is_open(CALENDAR, friday_evening)
    noon = moscow("2026-11-20T12:00")
    assert business_time.is_open(CALENDAR, noon)
    assert business_time.closing(CALENDAR, noon) == moscow("2026-11-20T18:00")


def test_s1_hours_are_nine_to_eighteen_in_moscow_the_last_instant_outside() -> None:
    assert business_time.is_open(CALENDAR, moscow("2026-11-20T09:00"))
    assert not business_time.is_open(CALENDAR, moscow("2026-11-20T08:59:59"))
    assert business_time.is_open(CALENDAR, moscow("2026-11-20T17:59:59"))
    assert not business_time.is_open(CALENDAR, moscow("2026-11-20T18:00"))
    assert not business_time.is_open(CALENDAR, moscow("2026-11-21T12:00"))


@given(INSTANTS, DURATIONS)
def test_what_was_added_is_found_between(start: datetime, duration: timedelta) -> None:
    end = business_time.add(CALENDAR, start, duration)
    assert business_time.between(CALENDAR, start, end) == duration


@given(INSTANTS, DURATIONS, DURATIONS)
def test_two_stretches_are_as_long_as_both(
    start: datetime, first: timedelta, second: timedelta
) -> None:
    middle = business_time.add(CALENDAR, start, first)
    assert business_time.add(CALENDAR, middle, second) == business_time.add(
        CALENDAR, start, first + second
    )


def test_time_backwards_is_nothing() -> None:
    later = moscow("2026-11-20T12:00")
    assert business_time.between(CALENDAR, later, later - timedelta(days=3)) == timedelta()


def test_a_deadline_beyond_ten_years_is_refused() -> None:
    with pytest.raises(HorizonError):
        business_time.add(CALENDAR, moscow("2026-11-20T12:00"), timedelta(hours=100_000))


def test_a_year_of_working_hours_is_its_days_times_nine() -> None:
    start, end = moscow("2026-01-01T00:00"), moscow("2027-01-01T00:00")
    assert business_time.between(CALENDAR, start, end) == timedelta(hours=9 * 247)
    assert CALENDAR.working_days(date(2026, 1, 1).year) == 247
