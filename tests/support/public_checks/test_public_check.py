from datetime import date

import pytest
from sqlalchemy import event

from provision.devices.models import HandoverKind
from storage.refusals import RefusedError
from support import contracts
from support.contracts import NewContract
from support.models import EntitlementRow
from support.public_checks.ended_terms import EndedTerm
from support.public_checks.public_check import (
    NEEDS_A_PERSON,
    LabelMacError,
    LabelSerialError,
    LabelUnknownError,
    PublicAnswer,
    TypedLabel,
    public_answer,
)
from support.replacements.models import Replacement
from support.replacements.policy import ReplacementPolicy
from support.warranty import Verdict
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy
from tests.support.register import CUSTOMER, REGISTERED_AT, Register, device_row

HANDED_OVER = date(2025, 11, 22)
TODAY = date(2026, 3, 1)
FIRST_ENDING = "0a0001"
SECOND_ENDING = "0a0002"


def ask(register: Register, serial: str, ending: str, today: date = TODAY) -> PublicAnswer:
    with register.database.reading() as session:
        return public_answer(session, TypedLabel.of(serial, ending), today, TermPolicy())


def statements(register: Register, serial: str, ending: str) -> list[str]:
    """The SQL that a refused check runs."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(register.database.engine, "before_cursor_execute", note)
    with pytest.raises(LabelUnknownError):
        ask(register, serial, ending)
    event.remove(register.database.engine, "before_cursor_execute", note)
    return seen


def test_the_label_opens_the_answer(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    answer = ask(register, register.first, FIRST_ENDING)
    assert (answer.serial, answer.verdict) == (register.first, Verdict.COVERED)
    assert answer.product.ru == "Телефон FP-B2"
    assert "22.11.2026" in answer.headline.ru
    assert [right.en for right in answer.rights] == ["Base warranty"]


@pytest.mark.parametrize(
    "typed", ["0A0001", "0a:00:01", " 0A-00-01 ", "02:F1:A7:0A:00:01", "02f1.a70a.0001", "0А0001"]
)
def test_the_mac_may_be_typed_whole_with_separators_or_in_cyrillic(
    register: Register, typed: str
) -> None:
    assert ask(register, register.first, typed).serial == register.first


@pytest.mark.parametrize("typed", ["", "0a000", "0a00010", "0a000g", "%%%%%%", "______", "۰۰۰۰۰۱"])
def test_what_no_label_says_is_a_mistake_of_form(register: Register, typed: str) -> None:
    with pytest.raises(LabelMacError):
        ask(register, register.first, typed)


@pytest.mark.parametrize("typed", ["", "  ", "0000", "N/A", "a\x00b"])
def test_what_is_no_serial_is_a_mistake_of_form(register: Register, typed: str) -> None:
    with pytest.raises(LabelSerialError):
        ask(register, typed, FIRST_ENDING)


def test_a_wrong_mac_and_an_unknown_serial_are_one_refusal_by_the_same_query(
    register: Register,
) -> None:
    wrong_mac = statements(register, register.first, SECOND_ENDING)
    unknown_serial = statements(register, "FP2548B2000000Z", FIRST_ENDING)
    assert len([statement for statement in wrong_mac if "FROM device" in statement]) == 1
    assert wrong_mac == unknown_serial


def test_an_end_of_the_mac_shorter_than_six_digits_opens_nothing(register: Register) -> None:
    with pytest.raises(RefusedError):
        ask(register, register.first, "0001")


def test_w2_a_term_that_is_over_is_told_with_its_last_day_and_the_paid_repair(
    register: Register,
) -> None:
    register.prove(register.first, HANDED_OVER)
    running = ask(register, register.first, FIRST_ENDING)
    assert running.ended is None
    # 22.11.2026 is a Sunday: on Monday a fault may still be told of (W-6).
    monday = ask(register, register.first, FIRST_ENDING, date(2026, 11, 23)).ended
    assert monday == EndedTerm(date(2026, 11, 22), claims_until=date(2026, 11, 23))
    assert not monday.may_be_repaired
    tuesday = ask(register, register.first, FIRST_ENDING, date(2026, 11, 24)).ended
    assert tuesday == EndedTerm(date(2026, 11, 22))
    assert tuesday.may_be_repaired


def test_w10_no_paid_repair_is_promised_past_the_end_of_the_model_s_service(
    register: Register,
) -> None:
    register.prove(register.first, HANDED_OVER)
    with register.database.writing() as session:
        device_row(session, register.first).product.support_end = date(2027, 1, 31)
    last_day = ask(register, register.first, FIRST_ENDING, date(2027, 1, 31)).ended
    after = ask(register, register.first, FIRST_ENDING, date(2027, 2, 1)).ended
    assert last_day is not None
    assert last_day.may_be_repaired
    assert after is not None
    assert (after.service_ended, after.may_be_repaired) == (date(2027, 1, 31), False)


def test_w8_of_a_replaced_phone_the_public_reads_no_day_of_its_case(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    with register.database.writing() as session:
        old, new = (device_row(session, one) for one in (register.first, register.second))
        session.add(
            Replacement(
                old_device_id=old.id, new_device_id=new.id, given_on=date(2026, 2, 1),
                reference="RMA-26-0001/1", policy=ReplacementPolicy.RESTART_FULL,
                recorded_by="ivan", recorded_at=REGISTERED_AT,
            )
        )  # fmt: skip
    answer = ask(register, register.first, FIRST_ENDING)
    assert (answer.verdict, answer.ended) == (Verdict.NOT_COVERED, None)


def test_without_a_proof_the_public_is_told_so(register: Register) -> None:
    register.prove(register.first, HANDED_OVER, kind=HandoverKind.MANUFACTURE)
    answer = ask(register, register.first, FIRST_ENDING)
    assert (answer.verdict, answer.rights) == (Verdict.NOT_ESTABLISHED, ())


def test_only_rights_in_force_on_the_day_are_named(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    spans = {
        EntitlementKind.LOANER: (date(2026, 1, 1), date(2026, 12, 31)),
        EntitlementKind.EXTENDED: (date(2026, 11, 23), date(2028, 11, 22)),
    }
    with register.database.writing() as session:
        device_id = device_row(session, register.first).id
        for kind, (start, end) in spans.items():
            row = EntitlementRow(
                device_id=device_id, kind=kind, starts_on=start, ends_on=end, source="№ 5"
            )
            session.add(row)
    rights = [right.en for right in ask(register, register.first, FIRST_ENDING).rights]
    assert rights == ["Base warranty", "Loaner service"]


def test_contracts_that_contradict_each_other_are_left_to_a_person_and_not_told(
    register: Register,
) -> None:
    for number, months in (("Д-17", 36), ("Д-18", 24)):
        with register.database.writing() as session:
            new = NewContract(number, CUSTOMER, months=months)
            contracts.add(session, new, actor="test", now=REGISTERED_AT)
        register.prove(register.first, HANDED_OVER, f"УПД {number}", contract=number)
    answer = ask(register, register.first, FIRST_ENDING)
    assert (answer.verdict, answer.headline) == (Verdict.NOT_ESTABLISHED, NEEDS_A_PERSON)
    assert answer.rights == ()
