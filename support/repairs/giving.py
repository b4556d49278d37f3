"""Giving a phone in place of another: its warranty, and where the old one's certificates go."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import registry
from provision.devices.models import HandoverKind
from provision.devices.registry import NewHandover
from provision.models import Device
from storage.refusals import ConflictError
from support.coverage import coverage_of
from support.customer_kinds import CustomerKind
from support.models import EntitlementRow, SupplyContract
from support.replacements.models import Replacement
from support.replacements.policy import NewTerm, ReplacementPolicy, moved_right_end, new_term
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy


class ReplacedAlreadyError(ConflictError):
    code = "replaced-already"
    field = "replacement"
    ru = "Взамен {serial} уже выдан {given}."
    en = "{given} was already given in place of {serial}."


class UsedReplacementError(ConflictError):
    code = "used-replacement"
    field = "replacement"
    ru = "{serial} уже был передан Пользователю: взамен выдают телефон со склада."
    en = "{serial} was already handed to a User: a phone from stock is given in place of another."


class SamePhoneError(ConflictError):
    code = "same-phone"
    field = "replacement"
    ru = "Телефон не заменяют им же самим."
    en = "A phone is not replaced by itself."


@dataclass(frozen=True)
class Giving:
    """The exchange: the faulty phone, the one given, the day, the repair that it belongs to."""

    old: Device
    new: Device
    on: date
    reference: str
    customer: CustomerKind


def give(
    session: Session, giving: Giving, terms: TermPolicy, *, actor: str, now: datetime
) -> NewTerm:
    """W-8: record the exchange; raises what `check` raises.

    The new phone gets its term, and the old one's certificates, none of them ending sooner.
    """
    check(session, giving.old, giving.new)
    before = coverage_of(session, giving.old.serial or "", giving.on, terms)
    months = before.origin.months if before.origin else terms.months
    contract = _contract(session, giving.old)
    agreed = contract.replacement_policy if contract else None
    term = new_term(
        ReplacementPolicy(agreed) if agreed else None, giving.customer,
        given_on=giving.on, old_end=before.covered_until or giving.on, months=months,
    )  # fmt: skip
    root = _root(session, giving.old) or (before.start_evidence and before.start_evidence.on)
    session.add(
        Replacement(
            old_device_id=giving.old.id, new_device_id=giving.new.id, given_on=giving.on,
            policy=term.policy, root_handover=root, reference=giving.reference,
            recorded_by=actor, recorded_at=now,
        )
    )  # fmt: skip
    _begin(session, giving, term, contract, actor, now)
    _move_rights(session, giving, term)
    giving.new.organisation_id = giving.old.organisation_id
    giving.new.site_id = giving.old.site_id
    session.flush()
    for device, role in ((giving.old, "device.replaced"), (giving.new, "device.given")):
        other = giving.new if device is giving.old else giving.old
        audit.record(session, actor, role, device.subject, now, other=other.serial)
    return term


def check(session: Session, old: Device, new: Device) -> None:
    """Raise SamePhoneError, ReplacedAlreadyError or UsedReplacementError."""
    if old.id == new.id:
        raise SamePhoneError
    known = session.scalar(select(Replacement).where(Replacement.old_device_id == old.id))
    if known is not None:
        raise ReplacedAlreadyError(serial=old.serial, given=known.new.serial)
    used = {HandoverKind.USER_DOCUMENT, HandoverKind.PARTNER_REPORT, HandoverKind.CONTRACT}
    if any(proof.kind in used for proof in registry.handovers(session, new.mac)):
        raise UsedReplacementError(serial=new.serial)


def _begin(
    session: Session,
    giving: Giving,
    term: NewTerm,
    contract: SupplyContract | None,
    actor: str,
    now: datetime,
) -> None:
    if term.restarts:
        number = contract.number if contract and contract.start is None else ""
        paper = NewHandover(HandoverKind.USER_DOCUMENT, giving.on, giving.reference, number)
        registry.add_handover(session, giving.new, paper, actor=actor, now=now)
        return
    session.add(_right(giving, EntitlementKind.BASE, term.ends_on))


def _move_rights(session: Session, giving: Giving, term: NewTerm) -> None:
    query = select(EntitlementRow).where(
        EntitlementRow.device_id == giving.old.id,
        EntitlementRow.voided_at.is_(None),
        EntitlementRow.ends_on >= giving.on,
        EntitlementRow.kind != EntitlementKind.BASE,
    )
    for row in list(session.scalars(query)):
        kind = EntitlementKind(row.kind)
        end = moved_right_end(row.ends_on, term) if kind.covers else row.ends_on
        moved = _right(giving, kind, end)
        moved.source, moved.certificate_id = row.source, row.certificate_id
        session.add(moved)


def _right(giving: Giving, kind: EntitlementKind, end: date) -> EntitlementRow:
    return EntitlementRow(
        device_id=giving.new.id, kind=kind, starts_on=giving.on, ends_on=end,
        source=giving.reference,
    )  # fmt: skip


def _contract(session: Session, device: Device) -> SupplyContract | None:
    """The recorded contract that a proof of the phone's handover names, the latest of several."""
    numbers = [proof.contract for proof in registry.handovers(session, device.mac)]
    query = select(SupplyContract).where(SupplyContract.number.in_(numbers))
    return session.scalar(query.order_by(SupplyContract.id.desc()).limit(1))


def _root(session: Session, device: Device) -> date | None:
    query = select(Replacement.root_handover).where(Replacement.new_device_id == device.id)
    return session.scalar(query)
