from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.calendars.loading import shipped
from support.claims import ClaimPolicy, claim_window, with_claims
from support.repair_term import RepairPolicy, repair_term
from support.warranty import CoverageAnswer, CoveredDevice, entitlement
from support.warranty_terms.evidence import Evidence, EvidenceKind
from support.warranty_terms.terms import TermPolicy

CALENDAR = shipped()
PHONE = CoveredDevice("FP2648B2K7Q2XM6", "FP-B2", own_product=True)
ROLLED, STRICT = ClaimPolicy(), ClaimPolicy(roll=False)


def answer(handed_over: date, today: date) -> CoverageAnswer:
    evidence = Evidence(EvidenceKind.USER_DOCUMENT, handed_over, "УПД № 311")
    return entitlement(PHONE, [evidence], TermPolicy(), (), (), today)


def test_w5_a_fault_told_of_on_the_last_day_is_in_time_and_on_the_next_is_not() -> None:
    window = claim_window(date(2026, 11, 20), CALENDAR, ROLLED)  # a Friday
    assert window.is_in_time(date(2026, 11, 20))
    assert not window.is_in_time(date(2026, 11, 21))


def test_w5_what_was_handed_to_the_post_in_time_is_in_time_however_late_it_comes() -> None:
    window = claim_window(date(2026, 11, 20), CALENDAR, ROLLED)
    assert window.is_in_time(date(2026, 12, 5), postmark=date(2026, 11, 20))
    assert not window.is_in_time(date(2026, 12, 5), postmark=date(2026, 11, 21))


def test_w6_a_last_day_off_moves_claims_to_the_next_working_day_but_not_the_warranty() -> None:
    told = with_claims(answer(date(2025, 11, 22), date(2026, 3, 1)), CALENDAR, ROLLED)
    assert told.covered_until == date(2026, 11, 22)  # a Sunday
    assert told.claims_until == date(2026, 11, 23)
    assert [line.rule for line in told.trace[-2:]] == ["W-5", "W-6"]
    assert "23.11.2026" in told.trace[-1].ru


def test_w6_without_the_roll_claims_end_with_the_term() -> None:
    told = with_claims(answer(date(2025, 11, 22), date(2026, 3, 1)), CALENDAR, STRICT)
    assert told.claims_until == told.covered_until
    assert told.trace[-1].rule == "W-5"


def test_w6_in_a_year_without_a_decree_the_day_is_said_to_be_provisional() -> None:
    told = with_claims(answer(date(2027, 5, 9), date(2027, 6, 1)), CALENDAR, ROLLED)
    assert told.claims_until == date(2028, 5, 10)
    assert "may change" in told.trace[-1].en


def test_a_phone_that_is_not_covered_has_no_last_day_for_claims() -> None:
    over = answer(date(2020, 1, 15), date(2026, 3, 1))
    assert with_claims(over, CALENDAR, ROLLED) == over


@pytest.mark.parametrize(
    ("received", "last_day", "due"),
    [
        (date(2026, 12, 17), date(2026, 12, 31), date(2027, 1, 11)),  # a moved day off
        (date(2025, 10, 20), date(2025, 11, 3), date(2025, 11, 5)),
        (date(2025, 10, 18), date(2025, 11, 1), date(2025, 11, 1)),  # a worked Saturday
    ],
)
def test_r1_a_fault_is_eliminated_in_fourteen_calendar_days(
    received: date, last_day: date, due: date
) -> None:
    term = repair_term(received, CALENDAR, RepairPolicy())
    assert (term.last_day, term.due) == (last_day, due)


def test_r1_the_workshop_plans_for_the_last_worked_day_within_the_term() -> None:
    assert repair_term(date(2026, 12, 17), CALENDAR, RepairPolicy()).planned == date(2026, 12, 30)


def test_r2_the_day_after_receipt_is_day_one() -> None:
    term = repair_term(date(2026, 11, 2), CALENDAR, RepairPolicy(days=1))
    assert term.last_day == date(2026, 11, 3)


@given(st.dates(date(2024, 1, 1), date(2029, 1, 1)))
def test_r1_the_law_only_ever_gives_days_and_the_workshop_only_ever_takes_them(day: date) -> None:
    term = repair_term(day, CALENDAR, RepairPolicy())
    assert term.planned <= term.last_day <= term.due
    assert term.last_day - day == timedelta(days=14)
    assert CALENDAR.is_working(term.due)
