from datetime import date

import pytest
from sqlalchemy import select

from support import contracts
from support.contracts import NewContract
from support.coverage import coverage_of
from support.customer_kinds import CustomerKind
from support.models import EntitlementRow
from support.repairs.giving import (
    Giving,
    ReplacedAlreadyError,
    SamePhoneError,
    UsedReplacementError,
    give,
)
from support.replacements.chain import origin_of
from support.replacements.policy import ReplacementPolicy, new_term
from support.warranty import CoverageAnswer, Verdict
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy
from tests.support.register import CUSTOMER, REGISTERED_AT, Register, device_row

HANDED_OVER, GIVEN = date(2025, 11, 22), date(2026, 6, 10)
POLICY = TermPolicy()
CONTRACT = "П-7"


def exchange(
    register: Register, old: str, new: str, customer: CustomerKind = CustomerKind.LEGAL
) -> None:
    with register.database.writing() as session:
        pair = Giving(
            device_row(session, old), device_row(session, new), GIVEN, "RMA-26-0001/1", customer
        )
        give(session, pair, POLICY, actor="test", now=REGISTERED_AT)


def ask(register: Register, serial: str, today: date) -> CoverageAnswer:
    with register.database.reading() as session:
        return coverage_of(session, serial, today, POLICY)


def agree(register: Register, policy: ReplacementPolicy) -> None:
    with register.database.writing() as session:
        new = NewContract(CONTRACT, CUSTOMER, replacement_policy=policy)
        contracts.add(session, new, actor="test", now=REGISTERED_AT)
    register.prove(register.first, HANDED_OVER, contract=CONTRACT)


def test_w8_a_phone_given_in_place_of_another_has_a_whole_new_term(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    exchange(register, register.first, register.second)
    answer = ask(register, register.second, date(2027, 1, 1))
    assert (answer.verdict, answer.covered_until) == (Verdict.COVERED, date(2027, 6, 10))
    assert any(line.rule == "W-8" and "начинается заново" in line.ru for line in answer.trace)


def test_w8_the_old_phone_s_rights_close_on_the_day_and_the_answer_points_on(
    register: Register,
) -> None:
    register.prove(register.first, HANDED_OVER)
    exchange(register, register.first, register.second)
    assert ask(register, register.first, GIVEN).verdict is Verdict.COVERED
    later = ask(register, register.first, date(2026, 6, 11))
    assert (later.verdict, later.covered_until) == (Verdict.NOT_COVERED, None)
    assert "телефон заменён" in later.trace[-1].ru


def test_w8_by_a_clause_the_rest_of_the_term_goes_over(register: Register) -> None:
    agree(register, ReplacementPolicy.REMAINDER)
    exchange(register, register.first, register.second)
    assert ask(register, register.second, GIVEN).covered_until == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("policy", "kind", "end"),
    [
        (None, CustomerKind.LEGAL, date(2027, 6, 10)),
        (ReplacementPolicy.REMAINDER, CustomerKind.SOLE, date(2026, 6, 20)),
        (ReplacementPolicy.REMAINDER_OR_90_DAYS, CustomerKind.LEGAL, date(2026, 9, 8)),
        (ReplacementPolicy.REMAINDER, CustomerKind.CONSUMER, date(2027, 6, 10)),
    ],
)
def test_w8_a_consumer_gets_a_new_term_whatever_the_contract_says(
    policy: ReplacementPolicy | None, kind: CustomerKind, end: date
) -> None:
    term = new_term(policy, kind, given_on=GIVEN, old_end=date(2026, 6, 20), months=12)
    assert term.ends_on == end


def test_w8_a_certificate_goes_over_and_never_ends_sooner(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    with register.database.writing() as session:
        session.add(
            EntitlementRow(
                device_id=device_row(session, register.first).id, kind=EntitlementKind.EXTENDED,
                starts_on=date(2026, 11, 23), ends_on=date(2028, 11, 22), source="С-9",
            )
        )  # fmt: skip
    exchange(register, register.first, register.second)
    answer = ask(register, register.second, GIVEN)
    assert answer.covered_until == date(2028, 11, 22)
    assert "С-9" in {right.source for right in answer.entitlements}
    with register.database.reading() as session:
        rows = session.scalars(select(EntitlementRow).where(EntitlementRow.source == "С-9")).all()
        assert len(rows) == 2


def test_w8_a_chain_keeps_the_first_handover(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    exchange(register, register.first, register.second)
    with register.database.reading() as session:
        came = origin_of(session, device_row(session, register.second).mac)
        assert came is not None
        assert (came.root_handover, came.old.serial) == (HANDED_OVER, register.first)


def test_w8_only_a_phone_from_stock_replaces_and_only_once(register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    with pytest.raises(SamePhoneError):
        exchange(register, register.first, register.first)
    exchange(register, register.first, register.second)
    with pytest.raises(ReplacedAlreadyError, match=register.second):
        exchange(register, register.first, register.foreign)
    with pytest.raises(UsedReplacementError, match=register.second):
        exchange(register, register.foreign, register.second)
