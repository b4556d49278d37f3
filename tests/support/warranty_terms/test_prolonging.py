from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from support.intervals import Interval, union
from support.warranty import CoverageAnswer, entitlement
from support.warranty_terms.prolonging import days_of, prolonged
from tests.support.test_warranty import HANDED_OVER, PHONE, PUBLISHED, TODAY, extended, lines

START, END = date(2025, 11, 22), date(2026, 11, 22)
DAYS = st.dates(date(2025, 1, 1), date(2028, 1, 1))
STRETCHES = st.builds(
    lambda first, length: Interval(first, first + timedelta(days=length)), DAYS, st.integers(0, 60)
)


def asked(
    *repairs: Interval,
    today: date = TODAY,
    certificate: bool = False,
) -> CoverageAnswer:
    more = [extended(date(2026, 11, 23), date(2028, 11, 22))] if certificate else []
    return entitlement(PHONE, [HANDED_OVER], PUBLISHED, (), more, today, repairs=repairs)


def test_w7_the_term_grows_by_the_days_in_repair_the_first_and_last_included() -> None:
    answer = asked(Interval(date(2026, 1, 12), date(2026, 1, 26)))
    assert answer.covered_until == date(2026, 12, 7)
    (line,) = lines(answer, "W-7")
    assert line.ru == (
        "Телефон был в ремонте с 12.01.2026 по 26.01.2026: срок гарантии продлён на 15\u00a0дней."
    )


def test_w7_repairs_that_overlap_are_counted_once() -> None:
    first, second = (
        Interval(date(2026, 1, 12), date(2026, 1, 21)),
        Interval(date(2026, 1, 17), date(2026, 1, 26)),
    )
    assert asked(first, second).covered_until == date(2026, 12, 7)


def test_w7_a_bought_extension_ends_later_by_the_same_days() -> None:
    answer = asked(Interval(date(2026, 1, 12), date(2026, 1, 26)), certificate=True)
    assert answer.covered_until == date(2028, 12, 7)


def test_w7_a_fault_told_of_after_the_end_prolongs_nothing() -> None:
    answer = asked(Interval(date(2026, 11, 23), date(2026, 12, 5)), today=date(2026, 11, 1))
    assert answer.covered_until == END
    assert not lines(answer, "W-7")


def test_w7_a_fault_told_of_in_the_days_won_by_another_repair_counts() -> None:
    won = Interval(date(2026, 11, 1), date(2026, 11, 10))
    later = Interval(date(2026, 12, 1), date(2026, 12, 2))
    assert prolonged(START, END, [won, later]).end == date(2026, 12, 4)


@given(st.lists(STRETCHES, max_size=6))
def test_w7_a_repair_never_shortens_and_never_adds_more_than_its_days(
    repairs: list[Interval],
) -> None:
    found = prolonged(START, END, repairs)
    assert END <= found.end <= END + timedelta(days=sum(map(days_of, union(repairs))))
    assert found.end == END + timedelta(days=sum(map(days_of, found.counted)))
