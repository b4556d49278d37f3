"""The dock: a scan binds a parcel to its case, and the term begins (F-1, F-3, R-2, D-6)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from provision import rollouts
from provision.devices.identity import BadSerialError, SerialNumber
from storage.clock import moscow_date
from storage.installation import Installation
from support.calendars import keeping
from support.cases.models import FaultReport, RepairUnit
from support.cases.vocabulary import EventKind, Stage
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.repair_term import RepairPolicy, repair_term
from support.repairs import filing, letters, records, shipping
from support.repairs.refused import UnknownRepairError
from support.repairs.shipping import Waybill
from support.service_centres import register
from support.service_centres.choosing import VENDOR_NAME, named

_CODE = re.compile(r"(?:^|code=)(RMA-\d{2}-\d{4,6})(?:/(\d{1,2}))?$", re.IGNORECASE)


@dataclass(frozen=True)
class Receipt:
    """How a phone came. `with_act`: the signed act lay in the parcel (F-3)."""

    with_act: bool
    centre: str = VENDOR_NAME
    waybill: Waybill = field(default_factory=Waybill)
    postmarked_on: date | None = None
    condition: str = ""


def scanned(session: Session, text: str) -> Sequence[RepairUnit]:
    """The phones that a scan names: the act's code or number, one phone's name, or a serial.

    Only phones that are awaited, or those of the act if none is; empty when nothing is known.
    """
    found = _CODE.search(text.strip())
    units = _of_act(session, found[1], found[2]) if found else _by_serial(session, text)
    waiting = [unit for unit in units if unit.stage in {Stage.FILED, Stage.AWAITING_ACT}]
    return waiting or units


def receive(
    session: Session,
    installation: Installation,
    unit: RepairUnit,
    receipt: Receipt,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Take a phone in; raises WrongStageError for one that is here already.

    R-2: the term begins where the centre is one that repairs, with or without the act (R-3); a
    phone without its act waits for it (F-1). From here on the phone is offered no firmware.
    """
    records.check_stage(unit, Stage.FILED)
    centre = named(receipt.centre, register.every(session))
    shipping.came(session, unit, receipt.waybill, actor=actor, now=now)
    unit.postmarked_on = receipt.postmarked_on or unit.postmarked_on
    if not centre.starts_clock:
        records.record(
            session, unit, EventKind.RECEIVED, actor, now, centre=centre.name,
            text_ru=f"{centre.name} принял телефон и передаёт его в сервисный центр",
            text_en=f"{centre.name} took the phone in and passes it on to a service centre",
        )  # fmt: skip
        return
    unit.received_at, unit.received_by, unit.received_centre = now, actor, centre.name
    unit.stage = Stage.RECEIVED if receipt.with_act else Stage.AWAITING_ACT
    unit.accepted_at = now if receipt.with_act else None
    if unit.device is not None:
        reason = f"В ремонте: {unit.name}"
        rollouts.hold(session, unit.device, reason, actor=actor, now=now)
    kind = EventKind.RECEIVED if receipt.with_act else EventKind.ARRIVED
    records.record(
        session, unit, kind, actor, now, centre=centre.name, text=receipt.condition[:500]
    )
    audit.record(session, actor, "repair.receive", unit.subject, now, act=receipt.with_act)
    _tell(session, installation, unit, now)


def act_came(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
    """F-1: the signed act is here as well. The term has run since the phone came (R-3)."""
    records.check_stage(unit, Stage.AWAITING_ACT)
    unit.stage, unit.accepted_at = Stage.RECEIVED, now
    records.record(session, unit, EventKind.RECEIVED, actor, now)
    audit.record(session, actor, "repair.act", unit.subject, now)


def cancel(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
    """End a case whose phone was never sent."""
    records.check_stage(unit, Stage.FILED)
    unit.stage = Stage.CANCELLED
    records.record(session, unit, EventKind.CANCELLED, actor, now)
    audit.record(session, actor, "repair.cancel", unit.subject, now)


def _of_act(session: Session, number: str, position: str | None) -> list[RepairUnit]:
    try:
        report: FaultReport = records.by_number(session, number)
    except UnknownRepairError:
        return []
    wanted = int(position) if position else None
    return [unit for unit in report.units if wanted in {None, unit.position}]


def _by_serial(session: Session, text: str) -> list[RepairUnit]:
    try:
        serial = SerialNumber.parse(text).text
    except BadSerialError:
        return []
    query = select(RepairUnit).where(
        RepairUnit.serial == serial, RepairUnit.stage.not_in((Stage.RETURNED, Stage.CANCELLED))
    )
    return list(session.scalars(query.order_by(RepairUnit.id)))


def _tell(session: Session, installation: Installation, unit: RepairUnit, now: datetime) -> None:
    calendar = keeping.current(session).calendar
    term = repair_term(moscow_date(now), calendar, RepairPolicy())
    to = filing.addressed(installation, unit.report)
    letter = letters.received(to, unit.serial, term.due, has_act=unit.accepted_at is not None)
    outbox.post(session, letter, installation.option(MailOptions), now=now)
