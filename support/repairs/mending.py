"""The work on a phone: eliminating the fault, new boards, another phone in its place (R-4…R-12)."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from provision import credentials
from provision.devices import registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.models import Device
from provision.verdicts import board_swaps
from storage.clock import moscow_date
from storage.installation import Installation
from support.cases.models import RepairUnit
from support.cases.vocabulary import EventKind, Resolution, Stage
from support.coverage import UnknownSerialError
from support.customer_kinds import CustomerKind
from support.repairs import clock, giving, records
from support.repairs.giving import Giving
from support.repairs.refused import (
    ConsentToOtherModelError,
    NotOnRecordError,
    UnrepairableReasonError,
    UntestedError,
    WorkMissingError,
)
from support.warranty_terms.terms import TermPolicy

TEXT_MAX = 2000


def eliminated(
    session: Session, unit: RepairUnit, work: str, parts: str, *, tested: bool, actor: str,
    now: datetime,
) -> None:  # fmt: skip
    """R-4: the fault is eliminated once the repair is done and the test passed: the clock stops."""
    records.check_stage(unit, Stage.REPAIR)
    if not work.strip():
        raise WorkMissingError
    if not tested:
        raise UntestedError
    unit.work, unit.parts = work.strip()[:TEXT_MAX], parts.strip()[:TEXT_MAX]
    clock.stop(session, unit, now)
    unit.stage, unit.resolution = Stage.READY, Resolution.REPAIRED
    records.record(session, unit, EventKind.ELIMINATED, actor, now, text=unit.work)
    audit.record(session, actor, "repair.eliminate", unit.subject, now, parts=unit.parts)


def board_changed(
    session: Session, unit: RepairUnit, mac: str, *, actor: str, now: datetime
) -> None:
    """R-10: a new board has another MAC: the phone is the same unit, and the repair says why."""
    records.check_stage(unit, Stage.DIAGNOSIS, Stage.REPAIR)
    device = _device(unit)
    new = MacAddress.parse(mac)
    board_swaps.explain(session, device, new, unit.name, actor=actor, now=now)
    records.record(session, unit, EventKind.BOARD, actor, now, text=new.colons)


def replaced(
    session: Session, installation: Installation, unit: RepairUnit, serial: str, why: str, *,
    other_model_agreed: bool, actor: str, now: datetime,
) -> Device:  # fmt: skip
    """R-6: what can't be repaired is replaced by a phone from stock, with its own new warranty.

    Raises what giving.check raises, ConsentToOtherModelError for another model that the customer
    has not agreed to. The clock stops when the other phone is handed to the carrier.
    """
    records.check_stage(unit, Stage.REPAIR)
    if not why.strip():
        raise UnrepairableReasonError
    old = _device(unit)
    new = registry.by_serial(session, SerialNumber.parse(serial))
    if new is None:
        raise UnknownSerialError(serial=serial.strip()[:64])
    if new.product_id != old.product_id and not other_model_agreed:
        raise ConsentToOtherModelError(product=new.product.code)
    customer = CustomerKind(unit.report.customer_kind)
    pair = Giving(old, new, moscow_date(now), unit.name, customer)
    giving.give(session, pair, installation.option(TermPolicy), actor=actor, now=now)
    unit.replacement, unit.work = new, why.strip()[:TEXT_MAX]
    unit.stage, unit.resolution = Stage.READY, Resolution.REPLACED
    records.record(
        session, unit, EventKind.REPLACED, actor, now, text=new.serial or "", why=unit.work
    )
    audit.record(session, actor, "repair.replace", unit.subject, now, serial=new.serial)
    return new


def erased(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
    """R-12: the customer's settings are gone from the phone, and its secrets open nothing more."""
    records.check_stage(unit, Stage.DIAGNOSIS, Stage.REPAIR, Stage.READY)
    if unit.device is not None:
        credentials.revoke(session, unit.device, actor=actor, now=now)
    records.record(session, unit, EventKind.ERASED, actor, now)
    audit.record(session, actor, "repair.erase", unit.subject, now)


def _device(unit: RepairUnit) -> Device:
    if unit.device is None:
        raise NotOnRecordError(serial=unit.serial)
    return unit.device
