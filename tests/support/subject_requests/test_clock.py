"""The clock of a request about personal data, in worked dates of the Russian calendar."""

from datetime import date, datetime

import pytest

from support.calendars import loading
from support.subject_requests.clock import Level, SubjectClock, clock_of
from support.subject_requests.vocabulary import Kind
from tests.support.requests.desk import moscow


def clock(
    came: str,
    now: str,
    answered: str = "",
    *,
    kind: Kind = Kind.ACCESS,
    extended: bool = False,
) -> SubjectClock:
    end: datetime | None = moscow(answered) if answered else None
    return clock_of(moscow(came), end, loading.shipped(), moscow(now), kind=kind, extended=extended)


@pytest.mark.parametrize(
    ("came", "extended", "last"),
    [
        # Past the New Year: the 31st is off by decree, the next working day is the 11th.
        ("2026-12-17T12:00", False, date(2027, 1, 11)),
        # Over a working Saturday (1 November 2025) and two days off.
        ("2025-10-29T23:59", False, date(2025, 11, 13)),
        ("2025-10-29T23:59", True, date(2025, 11, 20)),
        # What comes on a day off counts from the first working day.
        ("2026-11-28T12:00", False, date(2026, 12, 11)),
        ("2026-11-27T12:00", False, date(2026, 12, 11)),
    ],
)
def test_ten_working_days_and_five_more_are_counted_by_the_decreed_calendar(
    came: str, last: date, *, extended: bool
) -> None:
    assert clock(came, came, extended=extended).last_day == last


@pytest.mark.parametrize(
    ("papers", "last"),
    [
        # Two days off in between: the papers of a Friday, seven working days, the second Tuesday.
        ("2026-11-27T12:00", date(2026, 12, 8)),
        # Over a working Saturday (1 November 2025) and the days off by decree after it.
        ("2025-10-29T23:59", date(2025, 11, 10)),
        # Past the New Year: the 31st is off by decree, the next working day is the 11th.
        ("2026-12-22T12:00", date(2027, 1, 11)),
    ],
)
def test_a_correction_has_seven_working_days_from_its_papers(papers: str, last: date) -> None:
    found = clock(papers, papers, kind=Kind.CORRECTION)
    assert (found.last_day, found.days) == (last, 7)


def test_a_correction_is_late_on_the_eighth_day_and_pressed_for_before() -> None:
    def level(now: str) -> Level:
        return clock("2026-11-27T12:00", now, kind=Kind.CORRECTION).level

    moments = ("12-02T23:59", "12-03T00:01", "12-07T00:01", "12-08T23:59", "12-09T00:00")
    assert [level(f"2026-{one}") for one in moments] == [
        Level.CALM, Level.SOON, Level.LAST, Level.LAST, Level.LATE,
    ]  # fmt: skip


def test_a_correction_that_was_prolonged_in_former_days_keeps_what_was_told() -> None:
    found = clock("2026-11-27T12:00", "2026-12-09T12:00", kind=Kind.CORRECTION, extended=True)
    assert (found.days, found.is_late) == (15, False)


def test_the_last_day_counts_whole_and_the_next_minute_is_late() -> None:
    on_time = clock("2026-11-27T12:00", "2026-12-11T23:59")
    assert (on_time.is_late, on_time.left, on_time.used) == (False, 0, 10)
    assert on_time.ends_at == moscow("2026-12-12T00:00")
    assert clock("2026-11-27T12:00", "2026-12-12T00:00").is_late


def test_an_answer_stops_the_clock_for_good() -> None:
    stopped = clock("2026-11-27T12:00", "2027-03-01T12:00", "2026-12-04T18:00")
    assert (stopped.is_late, stopped.used, stopped.level) == (False, 5, Level.CALM)
    late = clock("2026-11-27T12:00", "2027-03-01T12:00", "2026-12-14T09:00")
    assert (late.is_late, late.level) == (True, Level.CALM)


@pytest.mark.parametrize(
    ("now", "level"),
    [
        ("2026-12-07T23:59", Level.CALM),
        ("2026-12-08T00:01", Level.SOON),
        ("2026-12-10T00:01", Level.LAST),
        ("2026-12-11T23:59", Level.LAST),
        ("2026-12-12T00:01", Level.LATE),
    ],
)
def test_the_levels_are_three_working_days_and_one_before_the_end(now: str, level: Level) -> None:
    assert clock("2026-11-27T12:00", now).level is level
