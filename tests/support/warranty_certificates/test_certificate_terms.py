from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.civil_dates import add_months
from support.warranty_certificates.certificate_terms import (
    BaseTerm,
    CertificateMonthsError,
    right_of,
)
from support.warranty_terms.entitlements import EntitlementKind

LEAP = date(2024, 2, 29)


def base(handover: date, months: int = 12) -> BaseTerm:
    return BaseTerm(handover, handover, months, add_months(handover, months))


def test_c1_a_certificate_may_be_bought_through_the_last_day_of_twelve_months() -> None:
    term = base(date(2025, 11, 22))
    assert term.window_ends_on == date(2026, 11, 22)
    assert term.is_open(date(2026, 11, 22))
    assert not term.is_open(date(2026, 11, 23))
    assert not term.is_open(date(2025, 11, 21))


def test_c1_the_window_stays_twelve_months_under_a_contract_of_three_years() -> None:
    assert base(date(2025, 11, 22), months=36).window_ends_on == date(2026, 11, 22)


def test_c2_the_extended_end_is_counted_from_the_origin() -> None:
    right = right_of(EntitlementKind.EXTENDED, base(LEAP), 36, LEAP, "С-1")
    assert right.end == date(2028, 2, 29)
    assert add_months(add_months(LEAP, 12), 36) == date(2028, 2, 28)  # what chaining would lose


def test_c2_a_certificate_adds_to_the_contracts_term() -> None:
    right = right_of(EntitlementKind.EXTENDED, base(LEAP, months=36), 12, LEAP, "С-1")
    assert right.end == date(2028, 2, 29)


def test_c3_the_loaner_service_runs_from_its_purchase_and_covers_nothing_itself() -> None:
    bought = date(2025, 12, 1)
    right = right_of(EntitlementKind.LOANER, base(date(2025, 11, 22)), 12, bought, "П-1")
    assert (right.start, right.end) == (bought, date(2026, 12, 1))
    assert not right.kind.covers


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 60), st.integers(1, 120))
def test_c6_an_extension_begins_the_day_after_the_base_term(
    handover: date, months: int, more: int
) -> None:
    term = base(handover, months)
    right = right_of(EntitlementKind.EXTENDED, term, more, handover, "С-1")
    assert right.start == term.ends_on + timedelta(days=1)
    assert right.end > term.ends_on


@pytest.mark.parametrize("months", [0, -1, 121])
def test_a_certificate_of_no_sane_length_is_refused(months: int) -> None:
    with pytest.raises(CertificateMonthsError):
        right_of(EntitlementKind.EXTENDED, base(LEAP), months, LEAP, "С-1")
