"""D-6: parcels that came without an act or number: kept apart, matched by serial, or sent back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices.identity import BadSerialError, SerialNumber
from storage.installation import Installation
from support.cases.delivery_models import Parcel
from support.cases.models import RepairUnit
from support.cases.vocabulary import Stage
from support.repairs import receiving, records
from support.repairs.receiving import Receipt
from support.repairs.refused import ParcelReasonError, ParcelSettledError, UnknownParcelError
from support.repairs.shipping import Waybill
from support.service_centres.choosing import VENDOR_NAME

_ID_MAX = 2**31


def arrive(
    session: Session,
    serial: str,
    waybill: Waybill,
    note: str,
    *,
    actor: str,
    now: datetime,
    centre: str = VENDOR_NAME,
) -> Parcel:
    """Put a parcel that nobody can name into quarantine. The term counts from now (R-2)."""
    parcel = Parcel(
        arrived_at=now,
        received_by=actor,
        centre=centre,
        serial=_serial(serial),
        carrier=waybill.carrier.strip()[:120],
        tracking=waybill.tracking.strip()[:120],
        note=note.strip()[:2000],
    )
    session.add(parcel)
    session.flush()
    audit.record(session, actor, "parcel.arrive", parcel.subject, now, serial=parcel.serial)
    return parcel


def unsettled(session: Session) -> Sequence[Parcel]:
    """The parcels in quarantine, the oldest first."""
    query = select(Parcel).where(Parcel.settled_at.is_(None)).order_by(Parcel.arrived_at)
    return session.scalars(query).all()


def candidates(session: Session, parcel: Parcel) -> Sequence[RepairUnit]:
    """The awaited phones with the parcel's serial."""
    if not parcel.serial:
        return ()
    query = select(RepairUnit).where(
        RepairUnit.serial == parcel.serial, RepairUnit.stage == Stage.FILED
    )
    return session.scalars(query.order_by(RepairUnit.id)).all()


def bind(
    session: Session,
    installation: Installation,
    parcel_id: int,
    unit_id: int,
    *,
    actor: str,
    now: datetime,
) -> RepairUnit:
    """The parcel is this phone's: it was received when the parcel came, and its act is missing."""
    parcel = _open(session, parcel_id)
    unit = records.unit_to_change(session, unit_id, None, Stage.FILED)
    receipt = Receipt(
        with_act=False,
        centre=parcel.centre,
        waybill=Waybill(parcel.carrier, parcel.tracking),
        condition=parcel.note,
    )
    receiving.receive(
        session, installation, unit, receipt, actor=parcel.received_by, now=parcel.arrived_at
    )
    _settle(session, parcel, actor, now)
    parcel.unit_id = unit.id
    return unit


def send_back(
    session: Session, parcel_id: int, reason: str, *, actor: str, now: datetime
) -> Parcel:
    """The parcel goes back unopened; raises ParcelReasonError without a reason."""
    if not reason.strip():
        raise ParcelReasonError
    parcel = _open(session, parcel_id)
    parcel.refused = reason.strip()[:500]
    _settle(session, parcel, actor, now)
    return parcel


def _open(session: Session, parcel_id: int) -> Parcel:
    query = select(Parcel).where(Parcel.id == parcel_id)
    found = session.scalar(query.with_for_update()) if 0 < parcel_id < _ID_MAX else None
    if found is None:
        raise UnknownParcelError
    if found.settled_at is not None:
        raise ParcelSettledError
    return found


def _settle(session: Session, parcel: Parcel, actor: str, now: datetime) -> None:
    parcel.settled_at, parcel.settled_by = now, actor
    audit.record(session, actor, "parcel.settle", parcel.subject, now, refused=parcel.refused)


def _serial(typed: str) -> str:
    try:
        return SerialNumber.parse(typed).text
    except BadSerialError:
        return typed.strip()[:64]
