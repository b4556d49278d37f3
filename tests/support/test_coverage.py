from datetime import date, timedelta

import pytest

from catalogue.products import UnknownProductError
from provision.devices.identity import BadSerialError
from provision.devices.models import HandoverKind
from storage.refusals import ConflictError, NotFoundError, RefusedError
from support import contracts
from support.contracts import ContractExistsError, ContractNumberError, NewContract
from support.coverage import (
    MistypedSerialError,
    UnknownSerialError,
    coverage_of,
    device_by_serial,
)
from support.models import EntitlementRow
from support.rules import RuleApplied
from support.warranty import CoverageAnswer, Verdict
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.evidence import EvidenceKind, StartEvent
from support.warranty_terms.terms import TermPolicy
from tests.support.register import CUSTOMER, REGISTERED_AT, Register, device_row

HANDED_OVER = date(2025, 11, 22)
TODAY = date(2026, 3, 1)


def ask(register: Register, serial: str, today: date = TODAY) -> CoverageAnswer:
    with register.database.reading() as session:
        return coverage_of(session, serial, today, TermPolicy())


def record(register: Register, new: NewContract) -> None:
    with register.database.writing() as session:
        contracts.add(session, new, actor="test", now=REGISTERED_AT)


def w4(answer: CoverageAnswer) -> list[RuleApplied]:
    return [line for line in answer.trace if line.rule == "W-4"]


def test_every_kind_of_proof_in_the_register_has_its_place_on_the_ladder() -> None:
    assert [kind.value for kind in HandoverKind] == [kind.value for kind in EvidenceKind]


def test_a_registered_handover_makes_twelve_months(register: Register) -> None:
    register.prove(register.first, HANDED_OVER, "УПД № 311")
    answer = ask(register, register.first)
    assert (answer.verdict, answer.covered_until) == (Verdict.COVERED, date(2026, 11, 22))
    assert answer.start_evidence is not None
    assert answer.start_evidence.reference == "УПД № 311"
    assert ask(register, register.first, date(2026, 11, 23)).verdict is Verdict.NOT_COVERED


def test_no_proof_is_not_established_and_another_phones_proof_does_not_help(
    register: Register,
) -> None:
    register.prove(register.second, HANDED_OVER)
    assert ask(register, register.first).verdict is Verdict.NOT_ESTABLISHED


def test_the_strongest_of_several_registered_proofs_starts_the_term(register: Register) -> None:
    register.prove(
        register.first, date(2025, 9, 1), "ТОРГ-12 № 90", kind=HandoverKind.VENDOR_SHIPMENT
    )
    register.prove(register.first, HANDED_OVER, "УПД № 311")
    register.prove(register.first, date(2025, 10, 1), "отчёт", kind=HandoverKind.PARTNER_REPORT)
    answer = ask(register, register.first)
    assert answer.covered_until == date(2026, 11, 22)
    assert {line.reference for line in answer.trace} >= {"УПД № 311", "отчёт", "ТОРГ-12 № 90"}


def test_a_ship_date_alone_establishes_nothing(register: Register) -> None:
    register.prove(register.first, HANDED_OVER, kind=HandoverKind.VENDOR_SHIPMENT)
    answer = ask(register, register.first)
    assert (answer.verdict, answer.covered_until) == (Verdict.NOT_ESTABLISHED, None)


def test_another_makers_phone_is_outside_the_rules(register: Register) -> None:
    register.prove(register.foreign, HANDED_OVER)
    assert ask(register, register.foreign).verdict is Verdict.NOT_COVERED


# W-4: the contract that the handover names.


def test_w4_a_named_contract_changes_the_term(register: Register) -> None:
    record(register, NewContract("Д-17", CUSTOMER, months=36))
    register.prove(register.first, HANDED_OVER, contract="Д-17")
    answer = ask(register, register.first)
    assert answer.covered_until == date(2028, 11, 22)
    assert [line.reference for line in w4(answer)] == ["Д-17"]


def test_w4_a_contract_that_no_proof_names_changes_nothing(register: Register) -> None:
    record(register, NewContract("Д-17", CUSTOMER, months=36))
    register.prove(register.first, HANDED_OVER)
    answer = ask(register, register.first)
    assert answer.covered_until == date(2026, 11, 22)
    assert w4(answer) == []


@pytest.mark.parametrize(
    ("start", "last_day"),
    [(date(2026, 2, 1), date(2027, 2, 1)), (StartEvent.SHIPMENT, date(2026, 9, 1))],
)
def test_w4_a_named_contract_changes_the_first_day(
    register: Register,
    start: date | StartEvent,
    last_day: date,
) -> None:
    record(register, NewContract("Д-17", CUSTOMER, start=start))
    register.prove(
        register.first, date(2025, 9, 1), "ТОРГ-12 № 90", kind=HandoverKind.VENDOR_SHIPMENT
    )
    register.prove(register.first, HANDED_OVER, contract="Д-17")
    assert ask(register, register.first).covered_until == last_day


def test_w4_a_contract_for_one_product_leaves_other_products_to_the_general_rule(
    register: Register,
) -> None:
    record(register, NewContract("Д-17", CUSTOMER, months=36, product="T46S"))
    record(register, NewContract("Д-18", CUSTOMER, months=24, product="FP-B2"))
    register.prove(register.first, HANDED_OVER, contract="Д-17")
    register.prove(register.second, HANDED_OVER, contract="Д-18")
    other = ask(register, register.first)
    assert other.covered_until == date(2026, 11, 22)
    assert ["changes neither the term" in line.en for line in w4(other)] == [True]
    assert ask(register, register.second).covered_until == date(2027, 11, 22)


def test_w4_a_contract_nobody_recorded_is_told_and_the_general_rule_is_applied(
    register: Register,
) -> None:
    register.prove(register.first, HANDED_OVER, contract="Д-99")
    answer = ask(register, register.first)
    assert answer.covered_until == date(2026, 11, 22)
    (line,) = w4(answer)
    assert line.reference == "Д-99"
    assert "not on record" in line.en
    assert "не внесены" in line.ru


def test_w4_two_named_contracts_that_differ_are_refused_and_not_guessed(register: Register) -> None:
    record(register, NewContract("Д-17", CUSTOMER, months=36))
    record(register, NewContract("Д-18", CUSTOMER, months=24))
    register.prove(register.first, HANDED_OVER, "УПД № 1", contract="Д-17")
    register.prove(register.first, HANDED_OVER, "УПД № 2", contract="Д-18")
    with pytest.raises(ConflictError, match="Д-17, Д-18"):
        ask(register, register.first)


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewContract("Д-17", CUSTOMER), ContractExistsError),
        (NewContract("  ", CUSTOMER), ContractNumberError),
        (NewContract("Д" * 65, CUSTOMER), ContractNumberError),
        (NewContract("Д-18", CUSTOMER, months=0), RefusedError),
        (NewContract("Д-18", "ООО «Никто»"), NotFoundError),
        (NewContract("Д-18", CUSTOMER, product="FP-X9"), UnknownProductError),
    ],
)
def test_a_contract_that_cannot_be_recorded_is_refused_and_leaves_nothing(
    register: Register, new: NewContract, refusal: type[RefusedError]
) -> None:
    record(register, NewContract("Д-17", CUSTOMER, months=36))
    with pytest.raises(refusal):
        record(register, new)
    with register.database.reading() as session:
        assert [(c.number, c.months) for c in contracts.every(session)] == [("Д-17", 36)]


# W-12: stored rights.


def grant(register: Register, serial: str, kind: EntitlementKind, *, voided: bool = False) -> None:
    with register.database.writing() as session:
        row = EntitlementRow(
            device_id=device_row(session, serial).id,
            kind=kind,
            starts_on=date(2026, 11, 23),
            ends_on=date(2028, 11, 22),
            source="сертификат 5",
            voided_at=REGISTERED_AT if voided else None,
        )
        session.add(row)


def test_w12_a_stored_extension_joins_the_base_warranty(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    grant(register, register.first, EntitlementKind.EXTENDED)
    answer = ask(register, register.first, date(2027, 5, 1))
    assert (answer.verdict, answer.covered_until) == (Verdict.COVERED, date(2028, 11, 22))


@pytest.mark.parametrize(
    ("kind", "voided"), [(EntitlementKind.EXTENDED, True), (EntitlementKind.LOANER, False)]
)
def test_w12_a_voided_right_and_a_loaner_right_cover_nothing(
    register: Register, kind: EntitlementKind, *, voided: bool
) -> None:
    register.prove(register.first, HANDED_OVER)
    grant(register, register.first, kind, voided=voided)
    assert ask(register, register.first, date(2027, 5, 1)).verdict is Verdict.NOT_COVERED


def test_w12_another_phones_right_covers_nothing(register: Register) -> None:
    grant(register, register.second, EntitlementKind.EXTENDED)
    assert ask(register, register.first, date(2027, 5, 1)).verdict is Verdict.NOT_ESTABLISHED


# Finding the phone.


def test_a_serial_is_found_in_any_spelling(register: Register) -> None:
    spelled = f" {register.first[:6].lower()}-{register.first[6:]} ".replace("b", "В")
    assert ask(register, spelled).device.serial == register.first


def test_an_unknown_serial_is_a_refusal_of_its_own_and_a_mistyped_one_says_so(
    register: Register,
) -> None:
    wrong = register.first[:-1] + ("0" if register.first[-1] != "0" else "1")
    with pytest.raises(UnknownSerialError, match="is on record"):
        ask(register, "SN-404")
    with pytest.raises(MistypedSerialError, match="check character"):
        ask(register, wrong)
    with pytest.raises(BadSerialError):
        ask(register, "N/A")


def test_the_answer_for_a_device_is_the_answer_for_its_serial(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    with register.database.reading() as session:
        device = device_by_serial(session, register.first)
        assert coverage_of(session, device, TODAY, TermPolicy()) == ask(register, register.first)


def test_an_address_or_a_mac_is_no_serial(register: Register) -> None:
    with pytest.raises(UnknownSerialError):
        ask(register, "02f1a7000001")


def test_the_day_asked_about_decides_and_not_the_day_of_asking(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    before = ask(register, register.first, HANDED_OVER - timedelta(days=1))
    assert before.verdict is Verdict.NOT_COVERED
