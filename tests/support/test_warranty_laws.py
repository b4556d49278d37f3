from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from support.intervals import union
from support.warranty import CoveredDevice, Verdict, entitlement
from support.warranty_terms.entitlements import Entitlement, EntitlementKind
from support.warranty_terms.evidence import Evidence, EvidenceKind, StartEvent
from support.warranty_terms.terms import ContractOverride, OverrideScope, TermPolicy

PHONE = CoveredDevice("FP2648B2K7Q2XM6", "FP-B2", own_product=True)
HANDOVER_PROOFS = {EvidenceKind.CONTRACT, EvidenceKind.USER_DOCUMENT, EvidenceKind.PARTNER_REPORT}

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
EVIDENCE = st.lists(
    st.builds(Evidence, st.sampled_from(EvidenceKind), DAYS, st.text(max_size=4)), max_size=5
)
POLICIES = st.builds(TermPolicy, st.integers(1, 60), st.integers(0, 90), st.booleans())
RIGHTS = st.lists(
    st.builds(
        lambda kind, ends: Entitlement(kind, min(ends), max(ends), "row"),
        st.sampled_from(EntitlementKind),
        st.tuples(DAYS, DAYS),
    ),
    max_size=5,
)
OVERRIDES = st.lists(
    st.builds(
        ContractOverride,
        st.text(max_size=4),
        st.none() | st.integers(1, 60),
        st.none() | DAYS | st.sampled_from(StartEvent),
        st.sampled_from(OverrideScope),
    ),
    max_size=3,
    unique_by=lambda override: override.scope,
)


@given(EVIDENCE, POLICIES, DAYS)
def test_the_answer_is_not_established_exactly_when_no_evidence_is_accepted(
    evidence: list[Evidence], policy: TermPolicy, today: date
) -> None:
    answer = entitlement(PHONE, evidence, policy, (), (), today)
    kinds = {item.kind for item in evidence}
    accepted = kinds if policy.accept_fallback_evidence else kinds & HANDOVER_PROOFS
    assert (answer.verdict is Verdict.NOT_ESTABLISHED) == (not accepted)


@given(EVIDENCE, POLICIES, OVERRIDES, RIGHTS, DAYS)
def test_covered_is_exactly_a_day_inside_one_of_the_covering_rights(
    evidence: list[Evidence],
    policy: TermPolicy,
    overrides: list[ContractOverride],
    rights: list[Entitlement],
    today: date,
) -> None:
    answer = entitlement(PHONE, evidence, policy, overrides, rights, today)
    covering = [right.interval for right in answer.entitlements if right.kind.covers]
    assert (answer.verdict is Verdict.COVERED) == any(today in item for item in covering)
    assert answer.intervals == union(covering)
    assert set(rights) <= set(answer.entitlements)


@given(EVIDENCE, POLICIES, OVERRIDES, RIGHTS, DAYS)
def test_covered_until_is_never_before_the_day_asked_about_nor_given_without_cover(
    evidence: list[Evidence],
    policy: TermPolicy,
    overrides: list[ContractOverride],
    rights: list[Entitlement],
    today: date,
) -> None:
    answer = entitlement(PHONE, evidence, policy, overrides, rights, today)
    assert (answer.covered_until is not None) == (answer.verdict is Verdict.COVERED)
    if answer.covered_until:
        assert answer.covered_until >= today
        assert answer.covered_until in {item.end for item in answer.intervals if today in item}


@given(EVIDENCE, POLICIES, RIGHTS, DAYS, st.randoms(use_true_random=False))
def test_the_order_of_evidence_and_of_rows_never_changes_the_answer(
    evidence: list[Evidence],
    policy: TermPolicy,
    rights: list[Entitlement],
    today: date,
    chance: Random,
) -> None:
    shuffled_evidence, shuffled_rights = list(evidence), list(rights)
    chance.shuffle(shuffled_evidence)
    chance.shuffle(shuffled_rights)
    one = entitlement(PHONE, evidence, policy, (), rights, today)
    other = entitlement(PHONE, shuffled_evidence, policy, (), shuffled_rights, today)
    assert (one.verdict, one.covered_until, one.intervals, one.start_evidence) == (
        other.verdict,
        other.covered_until,
        other.intervals,
        other.start_evidence,
    )
    assert set(one.trace) == set(other.trace)


@given(EVIDENCE, POLICIES, RIGHTS, DAYS, st.integers(1, 60))
def test_a_contract_with_more_months_never_ends_cover_earlier(
    evidence: list[Evidence], policy: TermPolicy, rights: list[Entitlement], today: date, more: int
) -> None:
    longer = [ContractOverride("17", months=policy.months + more)]
    short = entitlement(PHONE, evidence, policy, (), rights, today)
    long = entitlement(PHONE, evidence, policy, longer, rights, today)
    if short.covered_until:
        assert long.covered_until is not None
        assert long.covered_until >= short.covered_until


@given(EVIDENCE, POLICIES, OVERRIDES, RIGHTS, DAYS)
def test_every_line_is_complete_in_both_languages(
    evidence: list[Evidence],
    policy: TermPolicy,
    overrides: list[ContractOverride],
    rights: list[Entitlement],
    today: date,
) -> None:
    answer = entitlement(PHONE, evidence, policy, overrides, rights, today)
    for line in answer.trace:
        assert line.ru.endswith(".")
        assert line.en.endswith(".")
        assert "{" not in line.ru + line.en
    assert answer.trace[0].rule == "W-1"
    assert {"W-1", "W-2", "W-3", "W-12"} <= {line.rule for line in answer.trace}
