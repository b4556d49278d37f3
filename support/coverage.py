"""Gathers what is stored of a device and asks the one decision, support.warranty.entitlement."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.devices import registry
from provision.devices.identity import SerialNumber
from provision.devices.summary import DeviceSummary, HandoverEvidence
from provision.models import Device
from storage.clock import moscow_date
from storage.refusals import NotFoundError
from support import contracts
from support.calendars import keeping
from support.cases.models import RepairUnit
from support.cases.vocabulary import Resolution
from support.claims import ClaimPolicy, with_claims
from support.intervals import Interval
from support.models import EntitlementRow
from support.replacements.chain import with_replacements
from support.warranty import CoverageAnswer, CoveredDevice, entitlement
from support.warranty_terms.entitlements import Entitlement
from support.warranty_terms.evidence import Evidence, EvidenceKind
from support.warranty_terms.terms import TermPolicy


class UnknownSerialError(NotFoundError):
    code = "unknown-serial"
    ru = "Телефона с серийным номером {serial} в реестре нет."
    en = "No phone with the serial number {serial} is on record."


class MistypedSerialError(UnknownSerialError):
    code = "mistyped-serial"
    ru = "Телефона с серийным номером {serial} нет: контрольный знак не сходится, это опечатка."
    en = "No phone has the serial number {serial}: its check character is wrong, so it is mistyped."


def device_by_serial(session: Session, serial: str) -> DeviceSummary:
    """The device with exactly this serial number, in any spelling.

    Raises BadSerialError, UnknownSerialError, or MistypedSerialError for one in our own form whose
    check character disagrees.
    """
    number = SerialNumber.parse(serial)
    found = registry.summary_by_serial(session, number)
    if found is not None:
        return found
    mistyped = number.is_own_form and not number.has_check_character
    raise (MistypedSerialError if mistyped else UnknownSerialError)(serial=number.text)


def coverage_of(
    session: Session, device: DeviceSummary | str, today: date, policy: TermPolicy
) -> CoverageAnswer:
    """The warranty on `today` of a device, or of the one with this serial number.

    Raises what device_by_serial and entitlement raise; any verdict is an answer.
    """
    found = device if isinstance(device, DeviceSummary) else device_by_serial(session, device)
    proofs = registry.handovers(session, found.mac)
    agreed = contracts.terms_for(session, _contract_numbers(proofs), found.product_code)
    answer = entitlement(
        CoveredDevice(found.serial or "", found.product_code, found.own_product),
        [_evidence(proof) for proof in proofs],
        policy,
        agreed.overrides,
        _stored_rights(session, found.mac),
        today,
        agreed.remarks,
        _repairs(session, found.mac, today),
    )
    settled = with_replacements(session, answer, found.mac)
    return with_claims(settled, keeping.current(session).calendar, ClaimPolicy())


def _stored_rights(session: Session, mac: str) -> list[Entitlement]:
    query = (
        select(EntitlementRow)
        .join(Device, Device.id == EntitlementRow.device_id)
        .where(Device.mac == mac, EntitlementRow.voided_at.is_(None))
        .order_by(EntitlementRow.starts_on, EntitlementRow.id)
    )
    return [row.right for row in session.scalars(query)]


def _repairs(session: Session, mac: str, today: date) -> list[Interval]:
    """W-7: the times in a service centre of covered faults; one still there counts until today."""
    query = (
        select(RepairUnit)
        .join(Device, Device.id == RepairUnit.device_id)
        .where(Device.mac == mac, RepairUnit.covered.is_(True), RepairUnit.received_at.is_not(None))
    )
    return [
        Interval(unit.requested_on, max(unit.requested_on, _until(unit, today)))
        for unit in session.scalars(query)
        if unit.requested_on <= today and unit.resolution != Resolution.REPLACED
    ]


def _until(unit: RepairUnit, today: date) -> date:
    return min(moscow_date(unit.returned_at), today) if unit.returned_at else today


def _evidence(proof: HandoverEvidence) -> Evidence:
    return Evidence(EvidenceKind(proof.kind.value), proof.on, proof.reference)


def _contract_numbers(proofs: Iterable[HandoverEvidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(proof.contract for proof in proofs if proof.contract))
