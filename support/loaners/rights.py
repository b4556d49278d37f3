"""By what a phone in repair has a loaner: a certificate (C-3), or the contract's package (S-8)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.devices.models import Device
from support.agreements import agreed
from support.agreements.models import SupportContract
from support.agreements.tiers import AskedDevice
from support.cases.models import RepairUnit
from support.models import EntitlementRow
from support.warranty_terms.entitlements import EntitlementKind


@dataclass(frozen=True)
class LoanerRight:
    """The number of what gives the right: a certificate, or a support contract."""

    number: str
    by_contract: bool = False


def right_to(session: Session, unit: RepairUnit) -> LoanerRight | None:
    """What gives the loaner service on the day of the report; None where nothing does."""
    if unit.device is None:
        return None
    day = unit.requested_on
    certificate = _certificate(session, unit.device, day)
    if certificate:
        return LoanerRight(certificate)
    contract = _contract(session, unit.device, day)
    return LoanerRight(contract, by_contract=True) if contract else None


def _certificate(session: Session, device: Device, day: date) -> str | None:
    query = select(EntitlementRow.source).where(
        EntitlementRow.device_id == device.id,
        EntitlementRow.kind == EntitlementKind.LOANER,
        EntitlementRow.voided_at.is_(None),
        EntitlementRow.starts_on <= day,
        EntitlementRow.ends_on >= day,
    )
    return session.scalar(query)


def _contract(session: Session, device: Device, day: date) -> str | None:
    """The rules of support are for phones of our make alone (S-6)."""
    if not device.product.own_product:
        return None
    asked = AskedDevice(device.serial or "", device.organisation_id, device.site_id)
    query = select(SupportContract).where(
        SupportContract.valid_from <= day, SupportContract.valid_to >= day
    )
    for contract in session.scalars(query.order_by(SupportContract.id)):
        gives = agreed.package_of(contract).loaner
        if gives and agreed.agreement_of(contract).is_for(asked):
            return contract.number
    return None
