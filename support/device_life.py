"""What support knows of a device's life: made, sold, broken, repaired, lent, asked about."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import current_app, url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.access import current_actor, rule_of
from provision.device_story.chapters import ChapterEvent, Chapters
from provision.devices.models import Device, Handover, HandoverKind
from storage.clock import midnight
from support.cases.models import RepairEvent, RepairUnit
from support.cases.vocabulary import EventKind
from support.loaners.models import Loan, LoanerUnit
from support.models import Certificate, EntitlementRow
from support.phrases import Phrase
from support.requests.models import RequestDevice, SupportRequest

_PAPERS = {
    HandoverKind.MANUFACTURE: Phrase("Изготовлен", "Made"),
    HandoverKind.VENDOR_SHIPMENT: Phrase("Отгружен со склада", "Shipped"),
    HandoverKind.PARTNER_REPORT: Phrase("Продан партнёром", "Sold by the partner"),
    HandoverKind.USER_DOCUMENT: Phrase("Передан Пользователю", "Handed to the User"),
    HandoverKind.CONTRACT: Phrase("Передан по договору", "Handed over under a contract"),
}
_HUES = {
    EventKind.FILED: "attention",
    EventKind.ELIMINATED: "good",
    EventKind.REPLACED: "good",
    EventKind.RETURNED: "good",
}


def papers(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[ChapterEvent]:
    """Made and sold, on the days that the papers tell."""
    query = select(Handover).where(Handover.device_id == device.id)
    if before is not None:
        query = query.where(Handover.on <= before.date() + timedelta(days=1))
    for one in session.scalars(query.order_by(Handover.on.desc(), Handover.id.desc()).limit(limit)):
        at = midnight(one.on)
        if before is None or at < before:
            yield ChapterEvent(
                at, _PAPERS[HandoverKind(one.kind)], _plain(one.reference), icon="sold"
            )


def repairs(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[ChapterEvent]:
    """Each step of each repair; a phone that was given instead begins with it."""
    mine = or_(RepairUnit.device_id == device.id, RepairUnit.replacement_id == device.id)
    query = select(RepairEvent, RepairUnit).join(RepairUnit, RepairUnit.id == RepairEvent.unit_id)
    query = query.where(mine, RepairEvent.kind != EventKind.PHOTOGRAPHED)
    if before is not None:
        query = query.where(RepairEvent.at < before)
    latest = query.order_by(RepairEvent.at.desc(), RepairEvent.id.desc()).limit(limit)
    for event, unit in session.execute(latest):
        kind = EventKind(event.kind)
        url = _page("repair_desk.unit_page", unit_id=unit.id)
        named = Phrase(f"Ремонт {unit.name}", f"Repair {unit.name}")
        yield ChapterEvent(event.at, kind.phrase, named, url, _HUES.get(kind, ""), "repair")


def requests(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[ChapterEvent]:
    """Requests about the phone, without their words: who reads this page may not answer them."""
    query = select(SupportRequest).join(
        RequestDevice, RequestDevice.request_id == SupportRequest.id
    )
    if before is not None:
        query = query.where(SupportRequest.registered_at < before)
    query = query.where(RequestDevice.device_id == device.id)
    for one in session.scalars(query.order_by(SupportRequest.id.desc()).limit(limit)).unique():
        url = _page("requests_desk.request_page", number=one.id)
        named = Phrase(f"Обращение № {one.id}", f"Request No. {one.id}")
        came = Phrase("Обратились в поддержку", "Support was asked")
        yield ChapterEvent(one.registered_at, came, named, url, "attention", "mail")
        if one.closed_at is not None and (before is None or one.closed_at < before):
            closed = Phrase("Обращение закрыто", "The request was closed")
            yield ChapterEvent(one.closed_at, closed, named, url, "good", "mail")


def certificates(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[ChapterEvent]:
    """Certificates that were sold for it."""
    query = select(Certificate).join(
        EntitlementRow, EntitlementRow.certificate_id == Certificate.id
    )
    query = query.where(EntitlementRow.device_id == device.id)
    if before is not None:
        query = query.where(Certificate.created_at < before)
    for one in session.scalars(query.order_by(Certificate.created_at.desc()).limit(limit)).unique():
        named = Phrase(f"Сертификат {one.number}", f"Certificate {one.number}")
        sold = Phrase("Продан сертификат", "A certificate was sold")
        yield ChapterEvent(one.created_at, sold, named, icon="shield")


def loans(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[ChapterEvent]:
    """When it was lent in place of another, and came back."""
    query = select(Loan).join(LoanerUnit, LoanerUnit.id == Loan.loaner_id)
    query = query.where(LoanerUnit.device_id == device.id)
    if before is not None:
        query = query.where(Loan.handed_out_at < before)
    for loan in session.scalars(query.order_by(Loan.id.desc()).limit(limit)):
        named = Phrase(f"На время ремонта {loan.unit.name}", f"During the repair {loan.unit.name}")
        for at, title in (
            (loan.handed_out_at, Phrase("Выдан как подменный", "Handed out as a loaner")),
            (loan.returned_at, Phrase("Вернулся в подменный фонд", "Came back to the pool")),
        ):
            if at is not None and (before is None or at < before):
                yield ChapterEvent(at, title, named, icon="repeat")


def _page(endpoint: str, **values: Any) -> str:
    """The page's address; empty where the reader may not open it."""
    rule = rule_of(current_app, endpoint) if endpoint in current_app.view_functions else None
    return url_for(endpoint, **values) if rule and rule.allows(current_actor()) else ""


def _plain(text: str) -> Phrase:
    return Phrase(text, text)


CHAPTERS = Chapters((papers, repairs, requests, certificates, loans))
