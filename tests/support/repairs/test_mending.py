"""Work on a phone: mending, replacing, boards, erasing, and the report of it."""

from datetime import date

import pytest

from accounts.models import AuditEntry
from provision import credentials
from provision.models import DeviceCredential
from provision.verdicts import board_swaps
from support.cases.vocabulary import (
    EventKind,
    Stage,
)
from support.coverage import coverage_of
from support.repairs import mending, reporting, shipping
from support.repairs.refused import (
    ConsentToOtherModelError,
    UntestedError,
    WrongStageError,
)
from support.repairs.report_pdf import report_pdf
from support.warranty import Verdict
from support.warranty_terms.terms import TermPolicy
from tests.support.register import device_row
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import Workshop, moscow, offer


def standing(workshop: Workshop, unit_id: int) -> tuple[str, bool | None, str | None]:
    unit = workshop.unit(unit_id)
    return unit.stage, unit.covered, unit.resolution


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
