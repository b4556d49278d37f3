"""Deliveries both ways: who pays, how they are followed, the day of return (D-1…D-5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from provision import rollouts
from provision.devices import registry
from storage.installation import Installation
from support.cases.delivery_models import Shipment
from support.cases.models import CoverageDecision, RepairUnit
from support.cases.vocabulary import (
    DecisionState,
    Direction,
    EventKind,
    Payer,
    Resolution,
    Stage,
)
from support.customer_kinds import CustomerKind
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.models import SupplyContract
from support.repairs import clock, filing, letters, records
from support.repairs.paying import Delivery, PayerFound, payer_of
from support.repairs.refused import DisputeOpenError, NotSentError, ReturnReasonError

WHY_MAX = 500


@dataclass(frozen=True)
class Waybill:
    """How a parcel travels; `why` a phone goes back as it is."""

    carrier: str = ""
    tracking: str = ""
    why: str = ""


def payer(session: Session, unit: RepairUnit, direction: Direction) -> PayerFound:
    """Who pays for a way of this phone."""
    contract = _contract(session, unit)
    agreed = None
    if contract is not None:
        stored = contract.inbound_payer if direction is Direction.IN else contract.return_payer
        agreed = Payer(stored) if stored else None
    return payer_of(
        Delivery(
            direction=direction,
            agreed=agreed,
            customer=CustomerKind(unit.report.customer_kind),
            covered=unit.covered,
            by_partner=filing.centre_of(session, unit.report).partner,
        )
    )


def came(
    session: Session, unit: RepairUnit, waybill: Waybill, *, actor: str, now: datetime
) -> Shipment:
    """Write down the way in, which has ended now."""
    return _note(session, unit, Direction.IN, waybill, actor, delivered_at=now)


def send(
    session: Session,
    installation: Installation,
    unit: RepairUnit,
    waybill: Waybill,
    *,
    actor: str,
    now: datetime,
) -> Shipment:
    """D-3: hand the phone to a carrier; raises WrongStageError or DisputeOpenError.

    Raises ReturnReasonError for a phone that goes back unrepaired without a word why (R-7, R-8).
    R-6: with a phone given in place of another this is where the repair's clock stops. D-4: the
    way itself is measured and has no term.
    """
    records.check_stage(unit, Stage.READY)
    _check_dispute(session, unit)
    why = _why(unit, waybill)
    sent = _note(session, unit, Direction.OUT, waybill, actor, sent_at=now)
    if unit.resolution == Resolution.REPLACED:
        clock.stop(session, unit, now)
    told = " · ".join(filter(None, (_track(waybill), why)))
    records.record(session, unit, EventKind.SENT, actor, now, text=told, payer=sent.payer)
    audit.record(session, actor, "repair.send", unit.subject, now, tracking=waybill.tracking)
    to = filing.addressed(installation, unit.report)
    letter = letters.sent(to, unit.serial, _track(waybill), why)
    outbox.post(session, letter, installation.option(MailOptions), now=now)
    return sent


def handed_over(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
    """The User has the phone again: the case is over; raises NotSentError before it was sent.

    Raises DisputeOpenError while the customer's dispute is not answered.
    """
    records.check_stage(unit, Stage.READY)
    _check_dispute(session, unit)
    way_back = [one for one in of_unit(session, unit) if one.direction == Direction.OUT]
    if not way_back:
        raise NotSentError
    way_back[-1].delivered_at = now
    unit.returned_at, unit.stage = now, Stage.RETURNED
    if unit.device is not None and unit.resolution != Resolution.REPLACED:
        # The faulty one of a replacement stays ours, and is offered nothing.
        rollouts.release_hold(session, unit.device, actor=actor, now=now)
    records.record(session, unit, EventKind.RETURNED, actor, now)
    audit.record(session, actor, "repair.returned", unit.subject, now)


def of_unit(session: Session, unit: RepairUnit) -> Sequence[Shipment]:
    """The phone's deliveries, the first one first."""
    query = select(Shipment).where(Shipment.unit_id == unit.id).order_by(Shipment.id)
    return session.scalars(query).all()


def _check_dispute(session: Session, unit: RepairUnit) -> None:
    query = select(CoverageDecision.id).where(
        CoverageDecision.unit_id == unit.id, CoverageDecision.state == DecisionState.DISPUTED
    )
    if session.scalar(query) is not None:
        raise DisputeOpenError


def _note(
    session: Session,
    unit: RepairUnit,
    direction: Direction,
    waybill: Waybill,
    actor: str,
    *,
    sent_at: datetime | None = None,
    delivered_at: datetime | None = None,
) -> Shipment:
    found = payer(session, unit, direction)
    row = Shipment(
        unit_id=unit.id,
        direction=direction,
        payer=found.payer,
        payer_reason=found.why.ru,
        carrier=waybill.carrier.strip()[:120],
        tracking=waybill.tracking.strip()[:120],
        sent_at=sent_at,
        delivered_at=delivered_at,
        recorded_by=actor,
    )
    session.add(row)
    session.flush()
    return row


def _contract(session: Session, unit: RepairUnit) -> SupplyContract | None:
    """The recorded contract that a proof of the phone's handover names, the latest of several."""
    if unit.device is None:
        return None
    numbers = [proof.contract for proof in registry.handovers(session, unit.device.mac)]
    query = select(SupplyContract).where(SupplyContract.number.in_(numbers))
    return session.scalar(query.order_by(SupplyContract.id.desc()).limit(1))


def _why(unit: RepairUnit, waybill: Waybill) -> str:
    """What a phone that was repaired or replaced goes back for needs no words."""
    if unit.resolution != Resolution.AS_IS:
        return ""
    said = waybill.why.strip()[:WHY_MAX]
    if not said:
        raise ReturnReasonError
    return said


def _track(waybill: Waybill) -> str:
    return " ".join(filter(None, (waybill.carrier.strip(), waybill.tracking.strip())))
