"""Selling and voiding certificates of extended warranty and of the loaner service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.devices.summary import HandoverEvidence
from storage.clock import moscow_date
from storage.refusals import ConflictError, NotFoundError, RefusedError
from support.coverage import coverage_of, device_by_serial
from support.models import Certificate, EntitlementRow
from support.warranty import CoverageAnswer
from support.warranty_certificates.certificate_terms import BaseTerm, right_of
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.evidence import EvidenceKind, StartEvent
from support.warranty_terms.terms import TermPolicy

NUMBER_LENGTH_MAX = 64
KINDS = (EntitlementKind.EXTENDED, EntitlementKind.LOANER)


class CertificateNumberError(RefusedError):
    code = "certificate-number"
    field = "number"
    ru = "Номер сертификата — от 1 до {limit} знаков."
    en = "A certificate's number has 1 to {limit} characters."


class CertificateExistsError(ConflictError):
    code = "certificate-exists"
    field = "number"
    ru = "Сертификат {number} уже выдан."
    en = "The certificate {number} is already issued."


class UnknownCertificateError(NotFoundError):
    code = "unknown-certificate"
    ru = "Сертификата {number} нет."
    en = "There is no certificate {number}."


class CertificateKindError(RefusedError):
    code = "certificate-kind"
    field = "certificate_kind"
    ru = "Выберите, что даёт сертификат: увеличенный срок или подменный фонд."
    en = "Choose what the certificate gives: a longer term or the loaner service."


class CertificateDayError(RefusedError):
    code = "certificate-day"
    field = "purchased_on"
    ru = "День покупки {day} ещё не наступил: сегодня {today}."
    en = "The day of purchase {day} has not come yet: today is {today}."


class NoPhonesError(RefusedError):
    code = "certificate-phones"
    field = "serials"
    ru = "Укажите серийные номера телефонов, на которые куплен сертификат."
    en = "Give the serial numbers of the phones that the certificate is for."


class TermUnknownError(ConflictError):
    code = "certificate-term"
    ru = "{serial}: срок гарантии не установлен, сначала внесите документ о передаче."
    en = "{serial}: the warranty term is not established; register the handover first."


class WindowClosedError(ConflictError):
    code = "certificate-window"
    field = "purchased_on"
    ru = "{serial}: сертификат можно было купить с {first} по {last} включительно."
    en = "{serial}: a certificate could be bought from {first} to {last}, inclusive."


class CertificateTwiceError(ConflictError):
    code = "certificate-twice"
    ru = "{serial}: такой сертификат на этот телефон уже есть — {number}."
    en = "{serial}: this phone has such a certificate already: {number}."


class VoidReasonError(RefusedError):
    code = "void-reason"
    field = "reason"
    ru = "Напишите, почему сертификат отменяется."
    en = "Say why the certificate is voided."


@dataclass(frozen=True)
class NewCertificate:
    """A paid order: one number, one kind, the phones by serial number.

    `purchased_on` is the day of the paid order. `override` is the reason for selling outside the
    window, which only staff may give (C-5).
    """

    number: str
    serials: Sequence[str]
    months: int
    purchased_on: date
    kind: EntitlementKind = EntitlementKind.EXTENDED
    override: str = ""


@dataclass(frozen=True)
class Sold:
    """C-4: what was sold, and each line that was refused with its reason."""

    number: str
    serials: tuple[str, ...]
    refused: tuple[RefusedError, ...]


def base_term(session: Session, serial: str, today: date, policy: TermPolicy) -> BaseTerm:
    """The base warranty of the phone; raises TermUnknownError, or what coverage_of raises."""
    device = device_by_serial(session, serial)
    answer = coverage_of(session, device, today, policy)
    if answer.origin is None:
        raise TermUnknownError(serial=device.serial)
    return base_term_of(answer, registry.handovers(session, device.mac))


def base_term_of(answer: CoverageAnswer, proofs: Sequence[HandoverEvidence]) -> BaseTerm:
    """The base term of an answer that has one, and the handover that opens the window (C-1)."""
    origin = answer.origin
    assert origin is not None, "the caller asks for an answer with a proved first day"
    handovers = (
        proof.on
        for proof in proofs
        if StartEvent.HANDOVER.is_proved_by(EvidenceKind(proof.kind.value))
    )
    return BaseTerm(
        handover_on=min(handovers, default=origin.evidence.on),
        counted_from=origin.counted_from,
        months=origin.months,
        ends_on=origin.ends_on,
    )


def sell(
    session: Session, new: NewCertificate, policy: TermPolicy, *, actor: str, now: datetime
) -> Sold:
    """Record a sold certificate; lines that can't have it are refused, and not the order (C-4).

    Raises CertificateNumberError, CertificateExistsError, CertificateKindError,
    CertificateDayError, NoPhonesError, and the line's own refusal where no line is left.
    """
    today = moscow_date(now)
    _check(session, new, today)
    certificate = Certificate(
        number=new.number.strip(),
        kind=new.kind,
        months=new.months,
        purchased_on=new.purchased_on,
        sold_by=actor,
        created_at=now,
    )
    refused: list[RefusedError] = []
    sold: list[str] = []
    for serial in dict.fromkeys(new.serials):
        try:
            certificate.entitlements.append(_line(session, serial, new, today, policy))
        except RefusedError as error:
            refused.append(error)
        else:
            sold.append(serial)
    if not sold:
        raise refused[0]
    session.add(certificate)
    session.flush()
    audit.record(
        session,
        actor,
        "certificate.sell",
        certificate.subject,
        now,
        serials=sold,
        refused=len(refused),
        override=new.override.strip() or None,
    )
    return Sold(certificate.number, tuple(sold), tuple(refused))


def may_have(
    session: Session, serial: str, kind: EntitlementKind, day: date, policy: TermPolicy
) -> BaseTerm:
    """The base term of a phone for which such a certificate may be bought on `day`.

    Raises TermUnknownError, WindowClosedError (C-1, C-3) or CertificateTwiceError.
    """
    base = base_term(session, serial, day, policy)
    if not base.is_open(day):
        raise WindowClosedError(serial=serial, first=base.handover_on, last=base.window_ends_on)
    _check_first(session, serial, kind)
    return base


def void(session: Session, number: str, reason: str, *, actor: str, now: datetime) -> Certificate:
    """C-6: take a certificate back (refund, mistake); its history stays. Twice is once."""
    if not reason.strip():
        raise VoidReasonError
    found = session.scalar(select(Certificate).where(Certificate.number == number.strip()))
    if found is None:
        raise UnknownCertificateError(number=number[:NUMBER_LENGTH_MAX])
    if found.voided_at is None:
        found.voided_at, found.void_reason = now, reason.strip()[:500]
        for right in found.entitlements:
            right.voided_at = now
        audit.record(session, actor, "certificate.void", found.subject, now, reason=reason[:500])
    return found


def every(session: Session) -> Sequence[Certificate]:
    """All certificates, the latest first."""
    return session.scalars(select(Certificate).order_by(Certificate.id.desc())).all()


def _check(session: Session, new: NewCertificate, today: date) -> None:
    number = new.number.strip()
    if not 0 < len(number) <= NUMBER_LENGTH_MAX:
        raise CertificateNumberError(limit=NUMBER_LENGTH_MAX)
    if new.kind not in KINDS:
        raise CertificateKindError
    if new.purchased_on > today:
        raise CertificateDayError(day=new.purchased_on, today=today)
    if not new.serials:
        raise NoPhonesError
    if session.scalar(select(Certificate.id).where(Certificate.number == number)):
        raise CertificateExistsError(number=number)


def _line(
    session: Session, serial: str, new: NewCertificate, today: date, policy: TermPolicy
) -> EntitlementRow:
    base = base_term(session, serial, today, policy)
    if not base.is_open(new.purchased_on) and not new.override.strip():
        raise WindowClosedError(serial=serial, first=base.handover_on, last=base.window_ends_on)
    device_id = _check_first(session, serial, new.kind)
    right = right_of(new.kind, base, new.months, new.purchased_on, new.number.strip())
    return EntitlementRow(
        device_id=device_id,
        kind=right.kind,
        starts_on=right.start,
        ends_on=right.end,
        source=right.source,
    )


def _check_first(session: Session, serial: str, kind: EntitlementKind) -> int:
    """The row of the phone; raises CertificateTwiceError where it has such a certificate."""
    device = registry.by_mac(session, MacAddress(device_by_serial(session, serial).mac))
    assert device is not None, "its summary was read in this transaction"
    same = (
        select(EntitlementRow.source)
        .where(EntitlementRow.device_id == device.id, EntitlementRow.kind == kind)
        .where(EntitlementRow.voided_at.is_(None))
    )
    if known := session.scalar(same):
        raise CertificateTwiceError(serial=serial, number=known)
    return device.id
