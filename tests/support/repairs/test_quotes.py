"""Paid repairs: the offer, its answer, its end, and amounts as people type them."""

from datetime import date

import pytest

from support.cases.vocabulary import (
    Resolution,
    Stage,
)
from support.mailroom import outbox
from support.mailroom.models import MailState
from support.repairs import quoting, records
from support.repairs.refused import (
    EndOfServiceError,
    QuoteAmountError,
    QuoteExpiredError,
)
from tests.support.register import device_row
from tests.support.repairs.workshop import Workshop, moscow, offer, refused


def standing(workshop: Workshop, unit_id: int) -> tuple[str, bool | None, str | None]:
    unit = workshop.unit(unit_id)
    return unit.stage, unit.covered, unit.resolution


def test_r7_a_case_that_is_not_covered_may_be_repaired_for_money(workshop: Workshop) -> None:
    unit_id = refused(workshop)
    offer(workshop, unit_id)
    assert workshop.unit(unit_id).stage == Stage.QUOTE
    [letter] = workshop.letters("repair.quoted")
    assert "3\u00a0500,00\u00a0₽" in letter.text
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
    *_before, unsent, left = workshop.letters("repair.quoted")
    assert (left.recipient, left.state) == ("boris@romashka.example", MailState.WAITING)
    # It is told of, and the next round writes it no more.
    assert (unsent.recipient, unsent.state) == ("a@romashka.example.", MailState.FAILED)
    assert "адрес" in unsent.error
    with workshop.installation.database.writing() as session:
        assert quoting.remind(session, workshop.installation, moscow("2027-01-03T15:00")) == 0
        assert outbox.failed_count(session) == 1


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
