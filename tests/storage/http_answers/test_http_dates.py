"""HTTP dates: the three forms are read, everything else is no date."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.http_answers.http_dates import format_http_date, parse_http_date, whole_second

NOVEMBER = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", NOVEMBER),
        ("Sunday, 06-Nov-94 08:49:37 GMT", NOVEMBER),
        ("Sun Nov  6 08:49:37 1994", NOVEMBER),
        ("Sun Nov 16 08:49:37 1994", NOVEMBER + timedelta(days=10)),
        ("Thursday, 06-Nov-38 08:49:37 GMT", NOVEMBER.replace(year=2038)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_all_three_forms_are_read(text: str, instant: datetime) -> None:
    assert parse_http_date(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "yesterday",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0300",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Ноя 1994 08:49:37 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
    ],
)
def test_everything_else_is_no_date(text: str) -> None:
    assert parse_http_date(text) is None


def test_an_instant_is_written_in_gmt() -> None:
    moscow = timezone(timedelta(hours=3))
    instant = datetime(1994, 11, 6, 11, 49, 37, 999_999, moscow)
    assert format_http_date(instant) == "Sun, 06 Nov 1994 08:49:37 GMT"


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_what_is_written_is_read_back_to_the_second(instant: datetime) -> None:
    assert parse_http_date(format_http_date(instant)) == whole_second(instant)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    parse_http_date(text)
