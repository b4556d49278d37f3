from datetime import date
from decimal import Decimal

import pytest

from accounts.models import AuditEntry
from provision import credentials
from provision.models import DeviceCredential
from provision.verdicts import board_swaps
from support.coverage import coverage_of
from support.customer_kinds import CustomerKind
from support.repairs import deciding, mending, quoting, receiving, records, reporting, shipping
from support.repairs.judging import Finding, check, needs_approver
from support.repairs.paying import Delivery, payer_of
from support.repairs.refused import (
    ConsentToOtherModelError,
    DisputeOpenError,
    EndOfServiceError,
    EvidenceError,
    OpenedAlreadyError,
    PhotoMissingError,
    PhotosFirstError,
    QuoteAmountError,
    QuoteExpiredError,
    SamePersonError,
    StillCoveredError,
    UntestedError,
    WrongStageError,
)
from support.repairs.report_pdf import report_pdf
from support.repairs.vocabulary import (
    DecisionState,
    Direction,
    EventKind,
    Payer,
    PhotoKind,
    Reason,
    Resolution,
    Stage,
)
from support.terms import TermPolicy
from support.warranty import Verdict
from tests.support.register import device_row
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import CHIEF, Workshop, moscow


def on_the_bench(workshop: Workshop, *, pictured: bool = True) -> int:
    workshop.register.prove(workshop.register.first, date(2026, 3, 1))
    [unit_id] = workshop.file()
    workshop.receives(unit_id)
    if pictured:
        workshop.photographs(unit_id)
    workshop.opens(unit_id)
    return unit_id


def refused(workshop: Workshop) -> int:
    unit_id = on_the_bench(workshop)
    workshop.decides(unit_id, Reason.LIQUID)
    return unit_id


def standing(workshop: Workshop, unit_id: int) -> tuple[str, bool | None, str | None]:
    unit = workshop.unit(unit_id)
    return unit.stage, unit.covered, unit.resolution


@pytest.mark.parametrize(
    ("rule", "reasons"),
    [
        ("X-1", ["MECHANICAL_DAMAGE"]),
        ("X-2", ["ELECTRICAL_ABUSE"]),
        ("X-3", ["FOREIGN_MATTER", "LIQUID", "INSECTS", "OVERHEAT"]),
        ("X-4", ["SELF_REPAIR_ATTEMPT"]),
    ],
)
def test_x1_x2_x3_x4_the_published_list_is_closed_and_needs_no_approver(
    rule: str, reasons: list[str]
) -> None:
    assert [one for one in Reason if one.rule == rule] == reasons
    for reason in reasons:
        finding = Finding(covered=False, reason=Reason(reason), evidence="измерено", photos=1)
        assert not needs_approver(finding, in_term=True)


def test_x1_mechanical_damage_is_shown_by_a_photo_from_before_the_opening(
    workshop: Workshop,
) -> None:
    workshop.register.prove(workshop.register.first, date(2026, 3, 1))
    [unit_id] = workshop.file()
    workshop.receives(unit_id)
    with pytest.raises(PhotosFirstError):
        workshop.does(unit_id, deciding.open_phone, "2026-12-18T10:00")
    workshop.photographs(unit_id)
    workshop.does(unit_id, deciding.open_phone, "2026-12-18T10:00")
    with pytest.raises(OpenedAlreadyError):
        workshop.photographs(unit_id, "2026-12-18T10:05")
    workshop.decides(unit_id, Reason.MECHANICAL_DAMAGE)
    assert standing(workshop, unit_id) == (Stage.READY, False, Resolution.AS_IS)


@pytest.mark.parametrize(
    "reason", [Reason.MECHANICAL_DAMAGE, Reason.ELECTRICAL_ABUSE, Reason.INSECTS, Reason.OVERHEAT]
)
def test_x2_x3_what_a_photo_can_show_is_not_decided_without_one(
    workshop: Workshop, reason: Reason
) -> None:
    unit_id = on_the_bench(workshop, pictured=False)
    with pytest.raises(PhotoMissingError):
        workshop.decides(unit_id, reason)
    workshop.photographs(unit_id, "2026-12-18T10:30", PhotoKind.EVIDENCE)
    workshop.decides(unit_id, reason)
    assert workshop.unit(unit_id).covered is False


def test_x4_a_self_repair_attempt_is_told_from_our_own_repair_by_the_boards_on_record(
    workshop: Workshop,
) -> None:
    unit_id = on_the_bench(workshop)
    workshop.does(unit_id, mending.board_changed, "2026-12-18T10:30", "02:f1:a7:0b:00:99")
    with workshop.installation.database.reading() as session:
        known = board_swaps.explained(session, device_row(session, workshop.register.first))
    assert known == {"02f1a70b0099": "RMA-26-0001/1"}
    workshop.decides(unit_id, Reason.SELF_REPAIR_ATTEMPT)
    assert workshop.unit(unit_id).covered is False


@pytest.mark.parametrize("reason", [one for one in Reason if one.rule == "X-5"])
def test_x5_a_reason_outside_the_published_list_needs_another_person(reason: Reason) -> None:
    finding = Finding(covered=False, reason=reason, evidence="измерено", photos=0)
    assert needs_approver(finding, in_term=True)


def test_x5_the_proposer_does_not_approve_and_a_rejected_one_goes_back(workshop: Workshop) -> None:
    unit_id = on_the_bench(workshop)
    workshop.decides(unit_id, Reason.NO_FAULT_FOUND)
    assert standing(workshop, unit_id) == (Stage.APPROVAL, None, None)
    assert workshop.letters("repair.decided") == []
    with pytest.raises(SamePersonError):
        workshop.does(unit_id, deciding.review, "2026-12-18T12:00", approved=True)
    workshop.does(unit_id, deciding.review, "2026-12-18T12:00", by=CHIEF, approved=False)
    assert workshop.unit(unit_id).stage == Stage.DIAGNOSIS
    workshop.decides(unit_id, Reason.NO_FAULT_FOUND, "2026-12-18T13:00")
    workshop.does(unit_id, deciding.review, "2026-12-18T14:00", by=CHIEF, approved=True)
    assert standing(workshop, unit_id) == (Stage.READY, False, Resolution.AS_IS)


def test_r8_a_decision_needs_a_reason_evidence_and_its_engineer(workshop: Workshop) -> None:
    with pytest.raises(EvidenceError):
        check(Finding(covered=True, reason=None, evidence="  да  "), in_term=True)
    unit_id = refused(workshop)
    with workshop.installation.database.reading() as session:
        [decision] = deciding.of_unit(session, workshop.unit(unit_id))
    assert (decision.reason, decision.proposed_by) == (Reason.LIQUID, "ivan")
    assert decision.state == DecisionState.IN_FORCE
    [letter] = workshop.letters("repair.decided")
    assert "следы жидкости" in letter.text
    assert "не согласны" in letter.text


def test_r8_the_term_s_end_is_no_reason_for_a_fault_told_of_in_time(workshop: Workshop) -> None:
    unit_id = on_the_bench(workshop)
    with pytest.raises(StillCoveredError):
        workshop.decides(unit_id, Reason.TERM_EXPIRED)


def test_w5_a_fault_told_of_on_the_last_day_is_decided_as_in_term_however_late_it_comes(
    workshop: Workshop,
) -> None:
    workshop.register.prove(workshop.register.first, date(2025, 12, 14))
    [unit_id] = workshop.file(at="2026-12-14T23:59")
    workshop.receives(unit_id, "2027-02-01T10:00")
    with workshop.installation.database.reading() as session:
        assert deciding.in_term(session, workshop.installation, workshop.unit(unit_id))


def test_r8_covering_a_case_past_the_term_needs_another_person(workshop: Workshop) -> None:
    workshop.register.prove(workshop.register.first, date(2024, 1, 10))
    [unit_id] = workshop.file()
    workshop.receives(unit_id)
    workshop.opens(unit_id)
    workshop.decides(unit_id)
    assert workshop.unit(unit_id).stage == Stage.APPROVAL


def test_r8_the_customer_disputes_and_somebody_else_settles_it(workshop: Workshop) -> None:
    unit_id = refused(workshop)
    workshop.does(unit_id, deciding.dispute, "2026-12-19T10:00", "Это конденсат", by="anna")
    with pytest.raises(DisputeOpenError):
        workshop.sends(unit_id)
    with pytest.raises(SamePersonError):
        workshop.does(unit_id, deciding.settle, "2026-12-20T10:00", reverse=True, answer="Согласны")
    workshop.does(
        unit_id, deciding.settle, "2026-12-20T10:00", by=CHIEF, reverse=True, answer="Согласны"
    )
    assert standing(workshop, unit_id) == (Stage.REPAIR, True, None)
    assert "Согласны" in workshop.letters("repair.settled")[0].text


def test_r8_a_phone_on_its_way_is_not_handed_over_while_a_dispute_is_open(
    workshop: Workshop,
) -> None:
    unit_id = refused(workshop)
    workshop.sends(unit_id, "2026-12-19T09:00")
    workshop.does(unit_id, deciding.dispute, "2026-12-19T10:00", "Это конденсат", by="anna")
    with pytest.raises(DisputeOpenError):
        workshop.does(unit_id, shipping.handed_over, "2026-12-20T10:00")
    assert workshop.unit(unit_id).returned_at is None


def test_r8_a_dispute_is_not_settled_once_the_case_is_over(workshop: Workshop) -> None:
    unit_id = refused(workshop)
    workshop.does(unit_id, deciding.dispute, "2026-12-19T10:00", "Это конденсат", by="anna")
    with workshop.installation.database.writing() as session:
        records.unit_to_change(session, unit_id).stage = Stage.RETURNED
    with pytest.raises(WrongStageError):
        workshop.does(
            unit_id, deciding.settle, "2026-12-20T10:00", by=CHIEF, reverse=True, answer="Согласны"
        )
    assert workshop.unit(unit_id).stage == Stage.RETURNED


def test_r4_the_clock_stops_when_the_phone_is_repaired_and_tested_not_when_it_is_sent(
    workshop: Workshop,
) -> None:
    unit_id = workshop.in_repair()
    with pytest.raises(UntestedError):
        workshop.does(unit_id, mending.eliminated, "2026-12-20T10:00", "Пайка", "", tested=False)
    workshop.repairs(unit_id, "2026-12-28T17:00")
    workshop.sends(unit_id, "2027-01-20T12:00")
    clock = workshop.clock(unit_id, "2027-01-25T10:00")
    assert clock is not None
    assert (clock.eliminated_on, clock.used, clock.is_late) == (date(2026, 12, 28), 11, False)


def test_r5_a_covered_fault_goes_to_repair_at_the_vendor_s_cost(workshop: Workshop) -> None:
    unit_id = workshop.in_repair()
    assert standing(workshop, unit_id) == (Stage.REPAIR, True, None)
    assert "оплачивает ФЛАТ-ПРО" in workshop.letters("repair.decided")[0].text
    with pytest.raises(WrongStageError):
        offer(workshop, unit_id)


def test_r6_what_cannot_be_repaired_is_replaced_and_the_clock_stops_at_the_carrier(
    workshop: Workshop,
) -> None:
    unit_id = workshop.in_repair()
    workshop.does(
        unit_id, mending.replaced, "2026-12-28T10:00", workshop.register.second,
        "Плата не ремонтируется", other_model_agreed=False,
    )  # fmt: skip
    clock = workshop.clock(unit_id, "2026-12-29T10:00")
    assert clock is not None
    assert clock.eliminated_on is None
    workshop.sends(unit_id, "2026-12-30T12:00")
    clock = workshop.clock(unit_id, "2026-12-31T10:00")
    assert clock is not None
    assert clock.eliminated_on == date(2026, 12, 30)
    with workshop.installation.database.reading() as session:
        old, new = (
            coverage_of(session, serial, date(2027, 12, 1), TermPolicy())
            for serial in (workshop.register.first, workshop.register.second)
        )
    assert (old.verdict, new.verdict) == (Verdict.NOT_COVERED, Verdict.COVERED)


def test_r6_another_model_needs_the_customer_s_consent(workshop: Workshop) -> None:
    unit_id = workshop.in_repair()
    with pytest.raises(ConsentToOtherModelError, match="T46S"):
        workshop.does(
            unit_id, mending.replaced, "2026-12-28T10:00", workshop.register.foreign,
            "Плата не ремонтируется", other_model_agreed=False,
        )  # fmt: skip


def offer(workshop: Workshop, unit_id: int, at: str = "2026-12-20T10:00") -> None:
    workshop.does(unit_id, quoting.offer, at, Decimal(3500), "Чистка и замена платы")


def test_r7_a_case_that_is_not_covered_may_be_repaired_for_money(workshop: Workshop) -> None:
    unit_id = refused(workshop)
    offer(workshop, unit_id)
    assert workshop.unit(unit_id).stage == Stage.QUOTE
    [letter] = workshop.letters("repair.quoted")
    assert "3500" in letter.text
    assert "19.01.2027" in letter.text
    workshop.does(unit_id, quoting.answer, "2026-12-22T10:00", by="anna", accepted=True)
    assert standing(workshop, unit_id) == (Stage.REPAIR, False, None)
    workshop.repairs(unit_id)
    assert standing(workshop, unit_id) == (Stage.READY, False, Resolution.REPAIRED)


def test_r7_declined_the_phone_goes_back_as_it_is(workshop: Workshop) -> None:
    unit_id = refused(workshop)
    offer(workshop, unit_id)
    workshop.does(unit_id, quoting.answer, "2026-12-22T10:00", by="anna", accepted=False)
    assert standing(workshop, unit_id) == (Stage.READY, False, Resolution.AS_IS)


def test_r7_an_offer_runs_out_and_who_is_silent_is_reminded_twice(workshop: Workshop) -> None:
    unit_id = refused(workshop)
    offer(workshop, unit_id)
    sent = []
    for day in ("2026-12-25", "2027-01-03", "2027-01-04", "2027-01-14", "2027-01-18"):
        with workshop.installation.database.writing() as session:
            at = moscow(f"{day}T09:00")
            sent.append(quoting.remind(session, workshop.installation, at))
    assert sent == [0, 1, 0, 1, 0]
    with pytest.raises(QuoteExpiredError):
        workshop.does(unit_id, quoting.answer, "2027-01-20T10:00", by="anna", accepted=True)


def test_r7_one_bad_address_keeps_nobody_elses_reminder_back(workshop: Workshop) -> None:
    bad, good = refused(workshop), refused(workshop)
    for unit_id in (bad, good):
        offer(workshop, unit_id)
    with workshop.installation.database.writing() as session:
        # As an earlier version took it.
        records.unit(session, bad).report.contact_email = "a@romashka.example."
        records.unit(session, good).report.contact_email = "boris@romashka.example"
    with workshop.installation.database.writing() as session:
        at = moscow("2027-01-03T09:00")
        assert quoting.remind(session, workshop.installation, at) == 1
    assert workshop.letters("repair.quoted")[-1].recipient == "boris@romashka.example"


def test_w10_a_paid_repair_is_offered_until_the_model_s_end_of_service(workshop: Workshop) -> None:
    unit_id = refused(workshop)
    with workshop.installation.database.writing() as session:
        product = device_row(session, workshop.register.first).product
        product.support_end = date(2026, 12, 19)
    with pytest.raises(EndOfServiceError, match="EOS"):
        offer(workshop, unit_id)


@pytest.mark.parametrize(
    ("typed", "amount"), [("3500", "3500.00"), ("3 500,50", "3500.50"), ("1\u00a0000", "1000.00")]
)
def test_an_amount_is_read_as_people_type_it(typed: str, amount: str) -> None:
    assert str(quoting.amount(typed)) == amount


@pytest.mark.parametrize("typed", ["", "0", "-5", "NaN", "1e99", "3,505", "много", "Infinity"])
def test_an_amount_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(QuoteAmountError):
        quoting.amount(typed)


def test_r9_the_report_tells_the_days_the_fault_the_work_and_the_parts(workshop: Workshop) -> None:
    unit_id = workshop.in_repair()
    workshop.repairs(unit_id)
    workshop.sends(unit_id)
    workshop.does(unit_id, shipping.handed_over, "2027-01-05T10:00")
    with workshop.installation.database.reading() as session:
        unit = workshop.unit(unit_id)
        made = reporting.report_of(session, unit, moscow("2027-01-05T11:00"), "ru")
    words = pdf_text(report_pdf(made))
    for told in (
        "RMA-26-0001/1", "14.12.2026", "17.12.2026", "28.12.2026", "05.01.2027",
        "Нет звука в трубке", "Заменён разъём трубки", "Разъём RJ9",
    ):  # fmt: skip
        assert told in words


def test_w7_the_days_in_repair_prolong_the_warranty_from_the_real_case(workshop: Workshop) -> None:
    unit_id = workshop.in_repair()
    workshop.repairs(unit_id)
    workshop.sends(unit_id)
    workshop.does(unit_id, shipping.handed_over, "2027-01-05T10:00")
    with workshop.installation.database.reading() as session:
        answer = coverage_of(session, workshop.register.first, date(2027, 1, 6), TermPolicy())
    assert answer.covered_until == date(2027, 3, 24), "23 days, the first and the last included"


def test_r10_a_new_board_is_on_record_with_the_repair_that_explains_it(workshop: Workshop) -> None:
    unit_id = workshop.in_repair()
    workshop.does(unit_id, mending.board_changed, "2026-12-20T10:00", "02f1a70b0077")
    assert workshop.events(unit_id)[-1].kind == EventKind.BOARD
    with workshop.installation.database.reading() as session:
        device = device_row(session, workshop.register.first)
        assert "02f1a70b0077" in board_swaps.explained(session, device)


def test_r12_the_customer_s_settings_are_erased_and_who_opened_the_phone_is_kept(
    workshop: Workshop,
) -> None:
    with workshop.installation.database.writing() as session:
        device = device_row(session, workshop.register.first)
        token = credentials.issue_token(
            session, device, actor="test", now=moscow("2026-03-01T10:00")
        )
    unit_id = workshop.in_repair()
    workshop.does(unit_id, mending.erased, "2026-12-20T10:00")
    with workshop.installation.database.reading() as session:
        at = moscow("2026-12-20T10:01")
        assert credentials.verify_token(session, token, None, at) is None
        assert session.query(DeviceCredential).count() == 1
        opened = session.query(AuditEntry).filter_by(action="repair.open").one()
    assert opened.actor == "ivan"
    kinds = [event.kind for event in workshop.events(unit_id)]
    assert EventKind.OPENED in kinds
    assert EventKind.ERASED in kinds


LEGAL, CONSUMER = CustomerKind.LEGAL, CustomerKind.CONSUMER


@pytest.mark.parametrize(
    ("delivery", "payer"),
    [
        (Delivery(Direction.IN, None, LEGAL, None), Payer.CUSTOMER),
        (Delivery(Direction.IN, Payer.VENDOR, LEGAL, None), Payer.VENDOR),
        (Delivery(Direction.IN, None, CONSUMER, covered=True), Payer.VENDOR),
        (Delivery(Direction.IN, None, CONSUMER, None), Payer.CUSTOMER),
    ],
)
def test_d1_the_user_pays_the_way_in_unless_contract_or_law_say_otherwise(
    delivery: Delivery, payer: Payer
) -> None:
    assert payer_of(delivery).payer is payer


@pytest.mark.parametrize(
    ("delivery", "payer"),
    [
        (Delivery(Direction.OUT, None, LEGAL, covered=True), Payer.VENDOR),
        (Delivery(Direction.OUT, None, LEGAL, covered=True, by_partner=True), Payer.PARTNER),
        (Delivery(Direction.OUT, None, LEGAL, covered=False), Payer.CUSTOMER),
        (Delivery(Direction.OUT, Payer.VENDOR, LEGAL, covered=False), Payer.VENDOR),
    ],
)
def test_d3_vendor_or_partner_pays_the_way_back_of_a_covered_phone(
    delivery: Delivery, payer: Payer
) -> None:
    assert payer_of(delivery).payer is payer


def test_d1_the_contract_of_the_phone_decides_who_pays(workshop: Workshop) -> None:
    from support import contracts  # noqa: PLC0415
    from support.contracts import NewContract  # noqa: PLC0415
    from tests.support.register import CUSTOMER, REGISTERED_AT  # noqa: PLC0415

    with workshop.installation.database.writing() as session:
        new = NewContract("П-7", CUSTOMER, inbound_payer="vendor", return_payer="partner")
        contracts.add(session, new, actor="test", now=REGISTERED_AT)
    workshop.register.prove(workshop.register.first, date(2026, 3, 1), contract="П-7")
    [unit_id] = workshop.file()
    workshop.receives(unit_id)
    with workshop.installation.database.reading() as session:
        unit = workshop.unit(unit_id)
        [way_in] = shipping.of_unit(session, unit)
        assert (way_in.payer, way_in.payer_reason) == (Payer.VENDOR, "по договору поставки")
        assert shipping.payer(session, unit, Direction.OUT).payer is Payer.PARTNER


def test_d4_the_way_back_is_measured_and_no_part_of_the_term(workshop: Workshop) -> None:
    unit_id = workshop.in_repair()
    workshop.repairs(unit_id, "2026-12-28T17:00")
    workshop.sends(unit_id, "2026-12-29T12:00")
    workshop.does(unit_id, shipping.handed_over, "2027-03-01T10:00")
    clock = workshop.clock(unit_id, "2027-03-01T10:00")
    assert clock is not None
    assert not clock.is_late
    with workshop.installation.database.reading() as session:
        way_back = shipping.of_unit(session, workshop.unit(unit_id))[-1]
    assert (way_back.sent_at, way_back.delivered_at) == (
        moscow("2026-12-29T12:00"), moscow("2027-03-01T10:00"),
    )  # fmt: skip
    assert "не регламентировано" in workshop.letters("repair.sent")[0].text


def test_d5_until_the_phone_is_handed_over_the_case_is_not_closed(workshop: Workshop) -> None:
    unit_id = workshop.in_repair()
    workshop.repairs(unit_id)
    from support.repairs.refused import NotSentError  # noqa: PLC0415

    with pytest.raises(NotSentError):
        workshop.does(unit_id, shipping.handed_over, "2026-12-29T10:00")
    workshop.sends(unit_id)
    assert workshop.unit(unit_id).stage == Stage.READY, "on its way it is at the vendor's risk"
    workshop.does(unit_id, shipping.handed_over, "2027-01-03T10:00")
    assert workshop.unit(unit_id).stage == Stage.RETURNED


def test_d2_the_address_of_the_service_centre_is_on_the_act_and_in_the_letter(
    workshop: Workshop,
) -> None:
    [unit_id] = workshop.file()
    from tests.support.repairs.test_filing import stored_pdf  # noqa: PLC0415

    assert "ул. 8 Марта" in pdf_text(stored_pdf(workshop, unit_id))
    assert "ул. 8 Марта" in workshop.letters("repair.filed")[0].text


def test_a_case_whose_phone_never_came_is_cancelled(workshop: Workshop) -> None:
    [unit_id] = workshop.file()
    workshop.does(unit_id, receiving.cancel, "2026-12-16T10:00", by="anna")
    assert workshop.unit(unit_id).stage == Stage.CANCELLED
