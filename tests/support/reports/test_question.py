"""What an address asks of a report, and what is no question."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reports.question import (
    MONTHS_MAX,
    Dimension,
    PeriodError,
    Question,
    asked,
    months_of,
    year_until,
)

TODAY = date(2026, 11, 29)


def test_an_empty_address_asks_for_the_last_twelve_months_by_product() -> None:
    found = asked({}, TODAY)
    assert found == Question(Dimension.PRODUCT, date(2025, 12, 1), TODAY)
    assert year_until(date(2026, 1, 31))[0] == date(2025, 2, 1)


def test_everything_asked_for_is_taken() -> None:
    values = {
        "by": "lot", "since": "2026-02-28", "until": "2026-03-01",
        "product": " FP-B2 ", "lot": "25W46", "firmware": "2.4.1",
    }  # fmt: skip
    found = asked(values, TODAY)
    assert (found.by, found.product, found.lot, found.firmware) == (
        Dimension.LOT, "FP-B2", "25W46", "2.4.1",
    )  # fmt: skip
    assert (found.since, found.until) == (date(2026, 2, 28), date(2026, 3, 1))


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-12-01", "2026-11-01"),
        ("вчера", ""),
        ("", "0000-00-00"),
        ("0001-01-01", ""),
        ("2026-02-30", ""),
        ("9" * 9000, ""),
    ],
)
def test_what_is_no_period_is_refused_in_the_readers_words(since: str, until: str) -> None:
    with pytest.raises(PeriodError) as refused:
        asked({"since": since, "until": until}, TODAY)
    assert len(refused.value.text("ru")) < 200


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_months_of_a_period_follow_each_other_up_to_its_last(one: date, other: date) -> None:
    since, until = sorted((one, other))
    months = months_of(Question(Dimension.PRODUCT, since, until))
    assert 1 <= len(months) <= MONTHS_MAX
    assert months[-1] == until.replace(day=1)
    assert len(months) == MONTHS_MAX or months[0] == since.replace(day=1)
    numbers = [day.year * 12 + day.month for day in months]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
