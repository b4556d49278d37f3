"""Deliveries both ways: who pays, what is measured, when a case is closed."""

from datetime import date

import pytest

from support.cases.vocabulary import (
    Direction,
    EventKind,
    Payer,
    Stage,
)
from support.customer_kinds import CustomerKind
from support.repairs import receiving, shipping
from support.repairs.paying import Delivery, payer_of, why_of
from support.repairs.refused import ReturnReasonError
from support.repairs.shipping import Waybill
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import Workshop, moscow, refused

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


@pytest.mark.parametrize(
    ("delivery", "english"),
    [
        (Delivery(Direction.OUT, Payer.VENDOR, LEGAL, None), "by the supply contract"),
        (Delivery(Direction.OUT, None, CONSUMER, covered=True), "a consumer's faulty goods"),
        (Delivery(Direction.IN, None, LEGAL, None), "by the warranty rules"),
        (Delivery(Direction.OUT, None, LEGAL, covered=True), "by the warranty rules"),
        (Delivery(Direction.OUT, None, LEGAL, covered=False), "the case is not covered"),
    ],
)
def test_a_stored_reason_of_a_payer_is_told_in_the_reader_s_language(
    delivery: Delivery, english: str
) -> None:
    assert why_of(payer_of(delivery).why.ru).en == english


def test_a_reason_that_is_no_longer_given_is_told_as_it_was_kept() -> None:
    assert why_of("по решению директора").en == "по решению директора"


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


def test_r8_what_goes_back_unrepaired_goes_with_a_reason_that_the_customer_reads(
    workshop: Workshop,
) -> None:
    unit_id = refused(workshop)
    with pytest.raises(ReturnReasonError):
        workshop.does(unit_id, shipping.send, "2026-12-19T09:00", Waybill("СДЭК", "1", why="  "))
    assert workshop.letters("repair.sent") == []
    why = "От платного ремонта отказались"
    workshop.does(unit_id, shipping.send, "2026-12-19T09:00", Waybill("СДЭК", "1", why))
    [letter] = workshop.letters("repair.sent")
    assert f"без ремонта: {why}" in letter.text
    [sent] = [one for one in workshop.events(unit_id) if one.kind == EventKind.SENT]
    assert (sent.is_public, sent.told("ru")) == (True, f"СДЭК 1 · {why}")


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
