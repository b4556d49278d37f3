"""Phones in service: who counts, and what is kept of the count."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.devices import changes, registry
from provision.devices.changes import Change
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.models import HandoverKind
from provision.devices.registry import NewDevice
from storage.db import Database
from support.reports import fleet
from support.reports.fleet import Alike
from support.reports.models import FleetTally
from support.reports.question import Dimension, Key, Question
from tests.support.register import CUSTOMER, REGISTERED_AT, Register, device_row

YEAR = (date(2025, 1, 1), date(2026, 12, 31))


def count(database: Database) -> int:
    with database.writing() as session:
        return fleet.keep(session, fleet.counted(session))


def phones(session: Session, by: Dimension, **more: object) -> dict[Key, int]:
    return fleet.phones(session, Question(by, *YEAR, **more))  # type: ignore[arg-type]


def test_a_phone_in_stock_is_not_in_service(database: Database, register: Register) -> None:
    register.prove(register.first, date(2025, 11, 10), kind=HandoverKind.MANUFACTURE)
    assert count(database) == 0
    register.prove(register.first, date(2025, 12, 1))
    assert count(database) == 1
    with database.writing() as session:
        device_row(session, register.second).first_seen_at = REGISTERED_AT
    count(database)
    with database.reading() as session:
        assert phones(session, Dimension.PRODUCT) == {("FP-B2",): 2}
        assert phones(session, Dimension.LOT) == {("FP-B2", "25W46"): 1, ("FP-B2", "25W47"): 1}


def test_only_what_differs_is_written(database: Database, register: Register) -> None:
    register.prove(register.first, date(2025, 12, 1))
    count(database)
    with database.reading() as session:
        kept = session.scalars(select(FleetTally.id)).all()
    assert count(database) == 0
    with database.reading() as session:
        assert session.scalars(select(FleetTally.id)).all() == kept


def test_a_count_that_is_gone_is_taken_away(database: Database, register: Register) -> None:
    register.prove(register.first, date(2025, 12, 1))
    count(database)
    with database.writing() as session:
        assert fleet.keep(session, {Alike("FP-B2", "25W46", "", None): 4}) == 2
    with database.reading() as session:
        assert phones(session, Dimension.ORGANISATION) == {("",): 4}


def test_a_firmware_answers_for_phones_that_left_it_in_the_period(
    database: Database, register: Register
) -> None:
    register.prove(register.first, date(2025, 12, 1))
    with database.writing() as session:
        device = device_row(session, register.first)
        device.firmware = "2.5.0"
        change = Change(REGISTERED_AT, "firmware", "2.4.1", "2.5.0", changes.CHECK_IN, applied=True)
        changes.note(session, device, change)
    count(database)
    both = {("FP-B2", "2.5.0"): 1, ("FP-B2", "2.4.1"): 1}
    with database.reading() as session:
        assert phones(session, Dimension.FIRMWARE) == both
        assert phones(session, Dimension.FIRMWARE, lot="25W46") == both
        assert phones(session, Dimension.FIRMWARE, lot="25W47") == {}
        later = Question(Dimension.FIRMWARE, date(2026, 6, 1), date(2026, 12, 31))
        assert fleet.phones(session, later) == {("FP-B2", "2.5.0"): 1}
        assert fleet.in_service(session, Question(Dimension.FIRMWARE, *YEAR)) == 1


@pytest.mark.parametrize(
    ("serial", "lot"),
    [
        ("FP2546B2ABCDEF7", "25W46"),
        ("FP2554B2ABCDEF7", ""),
        ("FP2500B2ABCDEF7", ""),
        ("FPXX46B2ABCDEF7", ""),
        ("FP2546", ""),
        ("00155D-7710", ""),
    ],
)
def test_the_lot_is_the_week_in_a_serial_of_our_form(serial: str, lot: str) -> None:
    assert SerialNumber.parse(serial).lot == lot


def test_a_foreign_serial_has_no_lot_in_the_count_either(
    database: Database, register: Register
) -> None:
    with database.writing() as session:
        new = NewDevice(
            MacAddress("02f1a7ffff01"), "FP-B2", SerialNumber.parse("FP25467"),
            organisation=CUSTOMER,
        )  # fmt: skip
        registry.add_device(
            session, new, actor="test", now=REGISTERED_AT
        ).first_seen_at = REGISTERED_AT
    count(register.database)
    with database.reading() as session:
        assert phones(session, Dimension.LOT) == {("FP-B2", ""): 1}
