from datetime import UTC, date, datetime

import pytest

from accounts import audit
from provision.devices import registry
from provision.devices.summary import HandoverEvidence
from storage.refusals import RefusedError
from support import handover
from support.contracts import ContractNumberError
from support.coverage import UnknownSerialError
from support.handover import (
    HandoverContractError,
    HandoverDateError,
    HandoverDayError,
    HandoverForm,
    HandoverKindError,
)
from support.warranty_terms.evidence import EvidenceKind
from tests.support.register import FIRST_MAC, Register

NOW = datetime(2025, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2025, 11, 22)


def enter(
    register: Register, form: HandoverForm, serial: str = "", now: datetime = NOW
) -> HandoverEvidence:
    with register.database.writing() as session:
        return handover.register(session, serial or register.first, form, actor="ivanova", now=now)


def proofs(register: Register) -> list[HandoverEvidence]:
    with register.database.reading() as session:
        return list(registry.handovers(session, FIRST_MAC))


def test_a_handover_is_recorded_with_its_paper_contract_and_an_audit_entry(
    register: Register,
) -> None:
    enter(register, HandoverForm(TODAY, " УПД № 311 ", " Д-17 "))
    (proof,) = proofs(register)
    assert (proof.on, proof.reference, proof.contract) == (TODAY, "УПД № 311", "Д-17")
    with register.database.reading() as session:
        (entry,) = audit.latest(session, 1)
    assert (entry.actor, entry.subject) == ("ivanova", f"device:{FIRST_MAC}")


def test_a_handover_without_a_paper_says_so_in_the_record(register: Register) -> None:
    enter(register, HandoverForm(TODAY))
    assert [proof.reference for proof in proofs(register)] == [handover.NO_PAPER]


def test_the_same_handover_twice_is_one_proof(register: Register) -> None:
    for _ in range(2):
        enter(register, HandoverForm(TODAY, "УПД № 311", "Д-17"))
    assert len(proofs(register)) == 1


def test_a_contract_is_never_lost_behind_a_handover_already_on_record(register: Register) -> None:
    enter(register, HandoverForm(TODAY, "УПД № 311"))
    with pytest.raises(HandoverContractError):
        enter(register, HandoverForm(TODAY, "УПД № 311", "Д-17"))
    assert [proof.contract for proof in proofs(register)] == [""]


@pytest.mark.parametrize("day", [date(2025, 11, 23), date(1999, 12, 31), date(202, 11, 22)])
def test_a_day_that_has_not_come_or_is_a_slip_of_the_pen_is_refused(
    register: Register, day: date
) -> None:
    with pytest.raises(HandoverDateError):
        enter(register, HandoverForm(day))
    assert proofs(register) == []


def test_today_is_the_day_in_moscow(register: Register) -> None:
    late = datetime(2025, 11, 22, 21, 0, tzinfo=UTC)
    enter(register, HandoverForm(date(2025, 11, 23)), now=late)
    assert [proof.on for proof in proofs(register)] == [date(2025, 11, 23)]


@pytest.mark.parametrize(
    ("form", "serial", "refusal"),
    [
        (HandoverForm(TODAY), "SN-404", UnknownSerialError),
        (HandoverForm(TODAY, "Д" * 201), "", RefusedError),
        (HandoverForm(TODAY, "УПД", "Д" * 65), "", ContractNumberError),
    ],
)
def test_a_handover_that_cannot_be_recorded_is_refused_and_leaves_nothing(
    register: Register, form: HandoverForm, serial: str, refusal: type[RefusedError]
) -> None:
    with pytest.raises(refusal):
        enter(register, form, serial)
    assert proofs(register) == []


@pytest.mark.parametrize("typed", ["2025-11-22", "22.11.2025", " 22.11.2025 "])
def test_a_form_says_the_day_in_either_spelling(typed: str) -> None:
    form = HandoverForm.from_form({"on": typed, "kind": "partner-report"})
    assert form == HandoverForm(TODAY, kind=EvidenceKind.PARTNER_REPORT)


@pytest.mark.parametrize("typed", ["", "вчера", "31.02.2025", "2025-13-01", "22.11.25"])
def test_a_form_without_a_readable_day_is_refused(typed: str) -> None:
    with pytest.raises(HandoverDayError):
        HandoverForm.from_form({"on": typed, "kind": "user-document"})


@pytest.mark.parametrize("kind", ["", "contract", "manufacture", "vendor-shipment", "x"])
def test_only_what_proves_a_handover_may_be_registered_as_one(kind: str) -> None:
    with pytest.raises(HandoverKindError):
        HandoverForm.from_form({"on": "2025-11-22", "kind": kind})
