from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from accounts.models import AuditEntry
from storage.refusals import RefusedError
from support.coverage import UnknownSerialError, coverage_of
from support.warranty import CoverageAnswer, Verdict
from support.warranty_certificates import certificates
from support.warranty_certificates.certificates import (
    CertificateDayError,
    CertificateExistsError,
    CertificateKindError,
    CertificateNumberError,
    CertificateTwiceError,
    NewCertificate,
    NoPhonesError,
    Sold,
    TermUnknownError,
    UnknownCertificateError,
    VoidReasonError,
    WindowClosedError,
)
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy
from tests.support.register import Register

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 6, 1)
HANDED_OVER = date(2025, 11, 22)
POLICY = TermPolicy()


def order(*serials: str, number: str = "С-1", **parts: object) -> NewCertificate:
    return NewCertificate(
        **{"number": number, "serials": serials, "months": 24, "purchased_on": TODAY, **parts}
    )


def sell(register: Register, new: NewCertificate, now: datetime = NOW) -> Sold:
    with register.database.writing() as session:
        return certificates.sell(session, new, POLICY, actor="test", now=now)


def covered(register: Register, serial: str, day: date) -> CoverageAnswer:
    with register.database.reading() as session:
        return coverage_of(session, serial, day, POLICY)


def test_a_sold_certificate_covers_the_phone_after_its_base_term(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    assert sell(register, order(register.first)).serials == (register.first,)
    later = covered(register, register.first, date(2028, 11, 22))
    assert (later.verdict, later.covered_until) == (Verdict.COVERED, date(2028, 11, 22))
    assert covered(register, register.first, date(2028, 11, 23)).verdict is Verdict.NOT_COVERED


def test_c4_a_phone_that_cannot_have_it_is_left_out_and_the_order_stands(
    register: Register,
) -> None:
    register.prove(register.first, HANDED_OVER)
    register.prove(register.second, date(2024, 1, 10))
    sold = sell(register, order(register.first, register.second, register.first))
    assert sold.serials == (register.first,)
    (refusal,) = sold.refused
    assert isinstance(refusal, WindowClosedError)
    assert covered(register, register.second, date(2026, 6, 1)).verdict is Verdict.NOT_COVERED


def test_c5_outside_the_window_it_is_refused_with_the_last_day(register: Register) -> None:
    register.prove(register.first, date(2024, 1, 10))
    with pytest.raises(WindowClosedError) as refusal:
        sell(register, order(register.first))
    assert "10.01.2025" in refusal.value.text("en")


def test_c5_an_override_needs_a_reason_and_is_audited(register: Register) -> None:
    register.prove(register.first, date(2024, 1, 10))
    sell(register, order(register.first, override="решение директора"))
    with register.database.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "certificate.sell")
        ).one()
    assert entry.details["override"] == "решение директора"


def test_c6_a_voided_certificate_gives_nothing_and_stays_on_record(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    sell(register, order(register.first))
    for _ in range(2):
        with register.database.writing() as session:
            certificates.void(session, " С-1 ", "возврат", actor="test", now=NOW)
    assert covered(register, register.first, date(2027, 6, 1)).verdict is Verdict.NOT_COVERED
    with register.database.reading() as session:
        (kept,) = certificates.every(session)
        voids = session.scalars(select(AuditEntry).where(AuditEntry.action == "certificate.void"))
        assert (kept.void_reason, len(voids.all())) == ("возврат", 1)


def test_after_a_refund_the_phone_may_have_another(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    sell(register, order(register.first))
    with register.database.writing() as session:
        certificates.void(session, "С-1", "возврат", actor="test", now=NOW)
    assert sell(register, order(register.first, number="С-2")).serials == (register.first,)


def test_c1_a_contract_that_moves_the_start_does_not_move_the_window(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    with register.database.reading() as session:
        base = certificates.base_term(session, register.first, TODAY, POLICY)
    assert base.window_ends_on == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"number": " "}, CertificateNumberError),
        ({"number": "9" * 65}, CertificateNumberError),
        ({"kind": EntitlementKind.BASE}, CertificateKindError),
        ({"purchased_on": TODAY + timedelta(days=1)}, CertificateDayError),
        ({"serials": ()}, NoPhonesError),
        ({"serials": ("FP0000000000000",)}, UnknownSerialError),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_and_changes_nothing(
    register: Register, change: dict[str, object], error: type[RefusedError]
) -> None:
    register.prove(register.first, HANDED_OVER)
    with pytest.raises(error):
        sell(register, order(register.first, **change))
    with register.database.reading() as session:
        assert certificates.every(session) == []


def test_a_phone_without_a_proved_handover_has_to_prove_it_first(register: Register) -> None:
    with pytest.raises(TermUnknownError):
        sell(register, order(register.first))


def test_a_number_is_sold_once_and_a_phone_has_one_of_a_kind(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    sell(register, order(register.first))
    with pytest.raises(CertificateExistsError):
        sell(register, order(register.first))
    with pytest.raises(CertificateTwiceError, match="С-1"):
        sell(register, order(register.first, number="С-2"))
    loaner = order(register.first, number="П-1", kind=EntitlementKind.LOANER)
    assert sell(register, loaner).serials == (register.first,)


def test_voiding_needs_a_reason_and_a_known_number(register: Register) -> None:
    with register.database.writing() as session:
        with pytest.raises(VoidReasonError):
            certificates.void(session, "С-1", " ", actor="test", now=NOW)
        with pytest.raises(UnknownCertificateError):
            certificates.void(session, "С-1", "возврат", actor="test", now=NOW)
