from collections.abc import Sequence
from datetime import date

import pytest

from support.intervals import Interval
from support.rules import RuleApplied
from support.warranty import CoverageAnswer, CoveredDevice, Verdict, entitlement
from support.warranty_terms.entitlements import Entitlement, EntitlementKind
from support.warranty_terms.evidence import Evidence, EvidenceKind, StartEvent
from support.warranty_terms.terms import ContractOverride, OverrideScope, TermPolicy

PHONE = CoveredDevice("FP2648B2K7Q2XM6", "FP-B2", own_product=True)
OTHER_PHONE = CoveredDevice("00155D010203", "T46S", own_product=False)
HANDED_OVER = Evidence(EvidenceKind.USER_DOCUMENT, date(2025, 11, 22), "УПД № 311")
SOLD = Evidence(EvidenceKind.PARTNER_REPORT, date(2025, 10, 1), "отчёт за октябрь")
SHIPPED = Evidence(EvidenceKind.VENDOR_SHIPMENT, date(2025, 9, 1), "ТОРГ-12 № 90")
MADE = Evidence(EvidenceKind.MANUFACTURE, date(2025, 8, 1), "партия 2531")
TODAY = date(2026, 3, 1)
PUBLISHED = TermPolicy()
FALLBACK = TermPolicy(accept_fallback_evidence=True)


def ask(
    *evidence: Evidence,
    today: date = TODAY,
    device: CoveredDevice = PHONE,
    terms: TermPolicy = PUBLISHED,
    overrides: Sequence[ContractOverride] = (),
    extra: Sequence[Entitlement] = (),
) -> CoverageAnswer:
    return entitlement(device, evidence, terms, overrides, extra, today)


def extended(
    start: date, end: date, kind: EntitlementKind = EntitlementKind.EXTENDED
) -> Entitlement:
    return Entitlement(kind, start, end, "сертификат 5")


def lines(answer: CoverageAnswer, rule: str) -> list[RuleApplied]:
    return [line for line in answer.trace if line.rule == rule]


# W-1: only Flat Phone IP phones of our make.


def test_w1_a_phone_of_our_make_is_within_the_rules() -> None:
    answer = ask(HANDED_OVER)
    assert answer.verdict is Verdict.COVERED
    assert answer.trace[0].rule == "W-1"
    assert answer.trace[0].ru.startswith("FP-B2 — IP-телефон Flat Phone производства ФЛАТ-ПРО")


def test_w1_another_makers_phone_has_no_warranty_whatever_else_is_known() -> None:
    answer = ask(
        HANDED_OVER, device=OTHER_PHONE, extra=[extended(date(2025, 1, 1), date(2030, 1, 1))]
    )
    assert answer.verdict is Verdict.NOT_COVERED
    assert (answer.covered_until, answer.intervals, answer.entitlements) == (None, (), ())
    assert answer.start_evidence is None
    (line,) = answer.trace
    assert line.rule == "W-1"
    assert "T46S к ним не относится" in line.ru
    assert "T46S is not one of them" in line.en


# W-2: twelve months, as months.


@pytest.mark.parametrize(
    ("handover", "last_day", "day_after"),
    [
        (date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1)),
        (date(2025, 11, 22), date(2026, 11, 22), date(2026, 11, 23)),
        (date(2023, 6, 1), date(2024, 6, 1), date(2024, 6, 2)),
    ],
)
def test_w2_twelve_months_from_handover_the_last_day_included(
    handover: date, last_day: date, day_after: date
) -> None:
    proof = Evidence(EvidenceKind.USER_DOCUMENT, handover, "акт 1")
    on_last_day = ask(proof, today=last_day)
    assert (on_last_day.verdict, on_last_day.covered_until) == (Verdict.COVERED, last_day)
    assert on_last_day.intervals == (Interval(handover, last_day),)
    after = ask(proof, today=day_after)
    assert (after.verdict, after.covered_until) == (Verdict.NOT_COVERED, None)


def test_w2_says_the_term_and_its_last_day_in_both_languages() -> None:
    (line,) = lines(ask(HANDED_OVER), "W-2")
    assert line.on == date(2026, 11, 22)
    assert line.text("ru") == (
        "Срок гарантии — 12\u00a0месяцев, начиная со следующего дня; последний день —"
        " 22.11.2026 включительно."
    )
    assert line.text("en") == (
        "The warranty term is 12\u00a0months, beginning with the next day; the last day is"
        " 22 November 2026, inclusive."
    )


# W-3: from handover to the User, and never from a guess.


def test_w3_the_day_of_handover_itself_is_covered_and_the_day_before_is_not() -> None:
    assert ask(HANDED_OVER, today=date(2025, 11, 22)).verdict is Verdict.COVERED
    before = ask(HANDED_OVER, today=date(2025, 11, 21))
    assert before.verdict is Verdict.NOT_COVERED
    assert "первый начинается 22.11.2025" in before.trace[-1].ru


def test_w3_the_strongest_evidence_counts_in_whatever_order_it_is_known() -> None:
    for evidence in ([MADE, SHIPPED, SOLD, HANDED_OVER], [HANDED_OVER, SOLD, SHIPPED, MADE]):
        answer = ask(*evidence)
        assert answer.start_evidence == HANDED_OVER
        used, *unused = lines(answer, "W-3")
        assert used.reference == "УПД № 311"
        assert [line.reference for line in unused] == [
            SOLD.reference,
            SHIPPED.reference,
            MADE.reference,
        ]
        assert all("На ответ оно не влияет" in line.ru for line in unused)


def test_w3_a_partners_sale_date_is_a_handover() -> None:
    answer = ask(MADE, SHIPPED, SOLD)
    assert (answer.verdict, answer.covered_until) == (Verdict.COVERED, date(2026, 10, 1))
    assert answer.start_evidence == SOLD
    assert lines(answer, "W-3")[0].ru == (
        "Срок исчисляется со дня передачи оборудования Пользователю: 01.10.2025. Основание —"
        " отчёт партнёра о продаже."
    )


def test_w3_with_the_handover_unknown_the_answer_is_not_established() -> None:
    answer = ask()
    assert answer.verdict is Verdict.NOT_ESTABLISHED
    assert (answer.covered_until, answer.intervals, answer.start_evidence) == (None, (), None)
    (line,) = lines(answer, "W-3")
    assert line.ru.endswith("но этот день ничем не подтверждён.")
    assert (line.on, line.reference) == (None, None)
    assert lines(answer, "W-2")[0].on is None


@pytest.mark.parametrize(
    ("known", "counted_from", "last_day"),
    [
        ([MADE, SHIPPED], "01.10.2025", "01.10.2026"),
        ([MADE], "01.08.2025", "01.08.2026"),
    ],
)
def test_w3_indirect_evidence_is_told_as_an_estimate_and_answers_nothing(
    known: list[Evidence], counted_from: str, last_day: str
) -> None:
    answer = ask(*known)
    assert answer.verdict is Verdict.NOT_ESTABLISHED
    assert (answer.covered_until, answer.intervals, answer.start_evidence) == (None, (), None)
    estimate = lines(answer, "W-3")[1]
    assert estimate.ru.startswith("Только оценка, не ответ.")
    assert estimate.en.startswith("An estimate only, not an answer.")
    assert f"от {counted_from} последним днём было бы {last_day}" in estimate.ru
    assert known[-1].kind.phrase.ru in estimate.ru
    assert (estimate.on, estimate.reference) == (known[-1].on, known[-1].reference)


def test_w3_indirect_evidence_starts_the_term_only_where_the_policy_says_so() -> None:
    answer = ask(MADE, SHIPPED, terms=FALLBACK)
    assert (answer.verdict, answer.covered_until) == (Verdict.COVERED, date(2026, 10, 1))
    assert answer.start_evidence == SHIPPED
    line = lines(answer, "W-3")[0]
    assert "этот день не подтверждён" in line.ru
    assert "дата отгрузки Производителем: 01.09.2025. Отсчёт ведётся от 01.10.2025" in line.ru
    assert ask(terms=FALLBACK).verdict is Verdict.NOT_ESTABLISHED


def test_w3_days_of_grace_lengthen_the_term_and_do_not_open_a_hole_before_it() -> None:
    answer = ask(SHIPPED, terms=FALLBACK, today=date(2025, 9, 2))
    assert answer.intervals == (Interval(date(2025, 9, 1), date(2026, 10, 1)),)
    assert answer.verdict is Verdict.COVERED
    no_grace = TermPolicy(grace_days=0, accept_fallback_evidence=True)
    assert ask(SHIPPED, terms=no_grace).covered_until == date(2026, 9, 1)


def test_w3_the_manufacture_date_gets_no_days_of_grace() -> None:
    assert ask(MADE, terms=FALLBACK).covered_until == date(2026, 8, 1)


# W-4: a supply contract may change the term and its start.


def test_w4_a_contract_sets_another_term_and_the_answer_says_which() -> None:
    answer = ask(HANDED_OVER, overrides=[ContractOverride("17", months=36)])
    assert answer.covered_until == date(2028, 11, 22)
    (line,) = lines(answer, "W-4")
    assert line.reference == "17"
    assert "36\u00a0месяцев: его устанавливает договор поставки" in line.ru
    assert "36\u00a0месяцев" in lines(answer, "W-2")[0].ru


def test_w4_a_shorter_term_counts_as_well() -> None:
    answer = ask(HANDED_OVER, overrides=[ContractOverride("17", months=1)])
    assert answer.verdict is Verdict.NOT_COVERED


def test_w4_the_line_of_a_device_wins_over_its_contract_and_its_product() -> None:
    answer = ask(
        HANDED_OVER,
        overrides=[
            ContractOverride("FP-B2", months=18, scope=OverrideScope.PRODUCT),
            ContractOverride("17", months=24),
            ContractOverride("17/3", months=48, scope=OverrideScope.DEVICE_LINE),
        ],
    )
    assert answer.covered_until == date(2029, 11, 22)
    assert [line.reference for line in lines(answer, "W-4")] == ["17/3"]


def test_w4_a_date_named_by_the_contract_starts_the_term_without_other_proof() -> None:
    clause = ContractOverride("17", start=date(2026, 2, 1))
    for evidence in ([], [HANDED_OVER]):
        answer = ask(*evidence, overrides=[clause])
        assert (answer.verdict, answer.covered_until) == (Verdict.COVERED, date(2027, 2, 1))
        assert answer.start_evidence == Evidence(EvidenceKind.CONTRACT, date(2026, 2, 1), "17")
        assert [line.on for line in lines(answer, "W-4")] == [date(2026, 2, 1)]


def test_w4_shipping_starts_the_term_where_the_contract_says_so_and_gets_no_grace() -> None:
    answer = ask(
        HANDED_OVER, SHIPPED, overrides=[ContractOverride("17", start=StartEvent.SHIPMENT)]
    )
    assert answer.start_evidence == SHIPPED
    assert answer.covered_until == date(2026, 9, 1)
    assert lines(answer, "W-3")[0].ru.startswith("Срок исчисляется со дня отгрузки")


def test_w4_an_agreed_event_that_nothing_proves_is_not_established() -> None:
    answer = ask(HANDED_OVER, overrides=[ContractOverride("17", start=StartEvent.SHIPMENT)])
    assert answer.verdict is Verdict.NOT_ESTABLISHED


def test_w4_without_a_clause_no_line_speaks_of_a_contract() -> None:
    assert lines(ask(HANDED_OVER), "W-4") == []


# W-12: covered is the union of all rights, never the last row.


@pytest.mark.parametrize("back_to_front", [False, True])
def test_w12_every_right_counts_in_whatever_order_the_rows_come(back_to_front: bool) -> None:
    rows = [
        extended(date(2026, 11, 23), date(2029, 11, 22)),
        extended(date(2024, 1, 1), date(2024, 12, 31)),
    ]
    answer = ask(HANDED_OVER, extra=rows[::-1] if back_to_front else rows)
    assert (answer.verdict, answer.covered_until) == (Verdict.COVERED, date(2029, 11, 22))
    assert answer.intervals == (
        Interval(date(2024, 1, 1), date(2024, 12, 31)),
        Interval(date(2025, 11, 22), date(2029, 11, 22)),
    )


def test_w12_a_short_right_inside_a_longer_one_takes_nothing_away() -> None:
    answer = ask(HANDED_OVER, extra=[extended(date(2026, 1, 1), date(2026, 2, 1))])
    assert answer.covered_until == date(2026, 11, 22)


def test_w12_a_right_that_begins_the_day_after_the_base_leaves_no_gap() -> None:
    answer = ask(HANDED_OVER, extra=[extended(date(2026, 11, 23), date(2027, 11, 22))])
    assert answer.intervals == (Interval(date(2025, 11, 22), date(2027, 11, 22)),)
    assert not any("перерыв" in line.ru for line in answer.trace)
    assert [right.kind for right in answer.entitlements] == [
        EntitlementKind.BASE,
        EntitlementKind.EXTENDED,
    ]


def test_w12_a_gap_is_said_and_a_day_inside_it_is_not_covered() -> None:
    later = extended(date(2026, 12, 1), date(2027, 11, 22))
    before_gap = ask(HANDED_OVER, extra=[later], today=date(2026, 11, 22))
    assert before_gap.covered_until == date(2026, 11, 22)
    inside = ask(HANDED_OVER, extra=[later], today=date(2026, 11, 25))
    assert (inside.verdict, inside.covered_until) == (Verdict.NOT_COVERED, None)
    assert "последний из прошедших закончился 22.11.2026" in lines(inside, "W-12")[-2].ru
    gap = inside.trace[-1]
    assert (gap.rule, gap.on) == ("W-12", date(2026, 11, 23))
    assert gap.ru.endswith("с 23.11.2026 по 30.11.2026 включительно.")
    assert ask(HANDED_OVER, extra=[later], today=date(2026, 12, 1)).covered_until == later.end


def test_w12_each_right_is_named_with_its_source() -> None:
    right = extended(date(2026, 1, 1), date(2027, 11, 22))
    line = lines(ask(HANDED_OVER, extra=[right]), "W-12")[0]
    assert (line.reference, line.on) == ("сертификат 5", right.end)
    assert line.ru == (
        "Гарантия с увеличенным сроком по сертификату: с 01.01.2026 по 22.11.2027 включительно."
    )


def test_w12_a_loaner_right_is_named_but_covers_nothing() -> None:
    loaner = extended(date(2026, 1, 1), date(2030, 1, 1), EntitlementKind.LOANER)
    answer = ask(HANDED_OVER, extra=[loaner])
    assert answer.covered_until == date(2026, 11, 22)
    assert "не продлевает" in lines(answer, "W-12")[0].ru
    assert ask(extra=[loaner]).verdict is Verdict.NOT_ESTABLISHED


def test_w12_a_dated_right_covers_its_days_even_with_the_handover_unknown() -> None:
    right = extended(date(2026, 1, 1), date(2026, 12, 31))
    inside = ask(extra=[right])
    assert (inside.verdict, inside.covered_until) == (Verdict.COVERED, right.end)
    assert inside.start_evidence is None
    outside = ask(extra=[right], today=date(2027, 1, 1))
    assert outside.verdict is Verdict.NOT_ESTABLISHED


def test_w12_a_base_right_recorded_earlier_settles_the_base() -> None:
    recorded = extended(date(2024, 1, 1), date(2025, 1, 1), EntitlementKind.BASE)
    assert ask(extra=[recorded]).verdict is Verdict.NOT_COVERED


# The answer as a person reads it.


def test_the_headline_answers_in_one_sentence_in_both_languages() -> None:
    covered = ask(HANDED_OVER)
    assert covered.headline("ru") == "Гарантия действует по 22.11.2026 включительно."
    assert covered.headline("en") == ("The warranty is in force until 22 November 2026, inclusive.")
    ended = ask(HANDED_OVER, today=date(2027, 1, 1))
    assert ended.headline("ru") == "Гарантия на этот телефон не действует."
    assert ended.headline("en") == "This device is not under warranty."
    unknown = ask(SHIPPED)
    assert unknown.headline("ru").startswith("Срок гарантии не установлен")
    assert unknown.headline("en").startswith("The warranty term is not established")


def test_no_sentence_names_a_paper_a_contract_number_or_a_source() -> None:
    secrets = [HANDED_OVER.reference, SHIPPED.reference, "K-17-SECRET", "сертификат 5"]
    answer = ask(
        HANDED_OVER,
        SHIPPED,
        overrides=[ContractOverride("K-17-SECRET", months=36)],
        extra=[extended(date(2026, 1, 1), date(2030, 1, 1))],
    )
    said = " ".join([line.ru + line.en for line in answer.trace] + [answer.headline("ru")])
    assert not [secret for secret in secrets if secret in said]
    assert {line.reference for line in answer.trace} >= set(secrets)


def test_the_rules_are_told_in_the_order_in_which_they_are_applied() -> None:
    answer = ask(
        HANDED_OVER,
        overrides=[ContractOverride("17", months=36, start=StartEvent.HANDOVER)],
        extra=[extended(date(2026, 1, 1), date(2030, 1, 1))],
    )
    told = [line.rule for line in answer.trace]
    assert told == ["W-1", "W-4", "W-4", "W-3", "W-2", "W-12", "W-12"]
