from datetime import UTC, datetime, timedelta

import pytest

from storage.clock import MOSCOW
from support.calendars.loading import shipped as shipped_calendar
from support.packages.loading import SHIPPED, PackageFileError, parse, shipped
from support.packages.package import Package, Priority, Promise, deadline

CALENDAR = shipped_calendar()
FRIDAY_AT_FOUR = datetime(2026, 11, 20, 16, tzinfo=MOSCOW)


def package(code: str) -> Package:
    return next(found for found in shipped() if found.code == code)


def by(code: str, priority: Priority, promise: Promise) -> datetime | None:
    return deadline(package(code).target(priority, promise), CALENDAR, FRIDAY_AT_FOUR)


def test_s5_free_support_has_no_clock_at_all() -> None:
    for priority in Priority:
        for promise in Promise:
            assert by("FREE", priority, promise) is None


def test_s8_the_package_sets_the_targets() -> None:
    standard, basic = package("STANDARD"), package("BASIC")
    assert [found.code for found in shipped()] == ["FREE", "BASIC", "STANDARD", "PREMIUM"]
    target = standard.target(Priority.P2, Promise.RESPONSE)
    assert target is not None
    assert target.within == timedelta(hours=4)
    assert basic.target(Priority.P3, Promise.RESTORE) is None


def test_s9_response_restoration_and_resolution_each_have_their_deadline() -> None:
    promised = [by("STANDARD", Priority.P2, promise) for promise in Promise]
    assert promised == [
        datetime(2026, 11, 23, 11, tzinfo=MOSCOW),
        datetime(2026, 11, 24, 14, tzinfo=MOSCOW),
        datetime(2026, 12, 1, 13, tzinfo=MOSCOW),
    ]


def test_around_the_clock_means_real_hours_for_those_priorities_only() -> None:
    assert by("PREMIUM", Priority.P1, Promise.RESTORE) == FRIDAY_AT_FOUR + timedelta(hours=4)
    assert by("PREMIUM", Priority.P2, Promise.RESPONSE) == datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("response = 4,", "response = 0,", "targets"),
        ("P1 = {", "P0 = {", "targets"),
        ("loaner = true", "loan = true", "loan"),
        ('code = "FREE"', "", "code"),
        ("[[package]]", "[[package", "shipped|mine"),
    ],
)
def test_a_table_of_packages_with_a_mistake_is_refused(old: str, new: str, place: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(PackageFileError, match=place):
        parse("mine.toml", text.replace(old, new))
