from datetime import date
from itertools import permutations

import pytest

from support.warranty_terms.evidence import EvidenceKind, StartEvent
from support.warranty_terms.terms import (
    ContractOverride,
    GraceDaysError,
    OverridesClashError,
    OverrideScope,
    TermLengthError,
    TermPolicy,
    agreed_terms,
    explain_agreement,
)

LINE = ContractOverride("17/3", months=48, scope=OverrideScope.DEVICE_LINE)
CONTRACT = ContractOverride("17", months=36, start=StartEvent.SHIPMENT)
PRODUCT = ContractOverride(
    "FP-B2", months=24, start=StartEvent.MANUFACTURE, scope=OverrideScope.PRODUCT
)


def test_without_a_contract_the_published_rule_stands_and_nothing_is_explained() -> None:
    agreed = agreed_terms(TermPolicy(), [])
    assert (agreed.months, agreed.start_event, agreed.start_date) == (12, StartEvent.HANDOVER, None)
    assert explain_agreement(agreed) == ()


@pytest.mark.parametrize("clauses", list(permutations([LINE, CONTRACT, PRODUCT])))
def test_the_narrower_scope_wins_for_each_part_apart_in_any_order(
    clauses: tuple[ContractOverride, ...],
) -> None:
    agreed = agreed_terms(TermPolicy(), clauses)
    assert (agreed.months_clause, agreed.start_clause) == (LINE, CONTRACT)
    assert (agreed.months, agreed.start_event) == (48, StartEvent.SHIPMENT)


def test_a_contract_wins_over_its_product_and_a_product_over_the_general_rule() -> None:
    assert agreed_terms(TermPolicy(), [PRODUCT, CONTRACT]).months == 36
    assert agreed_terms(TermPolicy(), [PRODUCT]).months == 24
    assert agreed_terms(TermPolicy(months=18), []).months == 18


def test_a_date_that_a_clause_names_is_its_own_proof() -> None:
    agreed = agreed_terms(TermPolicy(), [ContractOverride("17", start=date(2026, 3, 1))])
    proof = agreed.start_date
    assert proof is not None
    assert (proof.kind, proof.on, proof.reference) == (
        EvidenceKind.CONTRACT,
        date(2026, 3, 1),
        "17",
    )
    assert agreed.months == 12


def test_two_clauses_of_one_scope_that_differ_are_refused_by_name() -> None:
    with pytest.raises(OverridesClashError) as refused:
        agreed_terms(TermPolicy(), [CONTRACT, ContractOverride("18", months=12)])
    assert "17, 18" in refused.value.text("ru")


def test_two_clauses_of_one_scope_may_set_a_part_each_or_say_the_same() -> None:
    start = ContractOverride("17 add. 1", start=StartEvent.SHIPMENT)
    months = ContractOverride("17", months=36)
    agreed = agreed_terms(TermPolicy(), [start, months, ContractOverride("18", months=36)])
    assert (agreed.months, agreed.months_clause, agreed.start_clause) == (36, months, start)


def test_each_changed_part_is_explained_with_its_clause_and_the_general_rule() -> None:
    months, start = explain_agreement(agreed_terms(TermPolicy(), [LINE, CONTRACT]))
    assert (months.rule, months.reference, start.rule, start.reference) == (
        "W-4",
        "17/3",
        "W-4",
        "17",
    )
    assert months.ru == (
        "Срок гарантии — 48\u00a0месяцев: его устанавливает условие договора поставки для этого"
        " телефона. По общему правилу — 12\u00a0месяцев."
    )
    assert start.en == (
        "The term counts from the day of shipping by the vendor, as the supply contract says."
    )


def test_an_agreed_date_is_explained_with_that_date() -> None:
    (line,) = explain_agreement(
        agreed_terms(TermPolicy(), [ContractOverride("17", start=date(2026, 3, 1))])
    )
    assert line.on == date(2026, 3, 1)
    assert line.ru.startswith("Срок исчисляется с установленной даты")


@pytest.mark.parametrize("months", [0, -12])
def test_a_term_of_no_months_is_refused_in_the_rule_and_in_a_contract(months: int) -> None:
    with pytest.raises(TermLengthError) as refused:
        TermPolicy(months=months)
    assert str(months) in refused.value.text("ru")
    with pytest.raises(TermLengthError):
        ContractOverride("17", months=months)


def test_negative_days_of_grace_are_refused() -> None:
    assert TermPolicy(grace_days=0).grace_days == 0
    with pytest.raises(GraceDaysError):
        TermPolicy(grace_days=-1)
