"""Decisions: what is covered and why not, who agrees, what a customer disputes."""

from datetime import date

import pytest

from provision.verdicts import board_swaps
from support.cases.vocabulary import (
    DecisionState,
    PhotoKind,
    Reason,
    Resolution,
    Stage,
)
from support.repairs import deciding, mending, records, shipping
from support.repairs.judging import Finding, check, needs_approver
from support.repairs.refused import (
    DisputeOpenError,
    EvidenceError,
    OpenedAlreadyError,
    PhotoMissingError,
    PhotosFirstError,
    SamePersonError,
    StillCoveredError,
    WrongStageError,
)
from tests.support.register import device_row
from tests.support.repairs.workshop import CHIEF, Workshop, on_the_bench, refused


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
