"""Orders of certificates: placed by a customer, paid when staff say so, then a certificate."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import registry
from provision.devices.identity import SerialNumber
from storage.clock import moscow_date
from storage.installation import Installation
from support.certificate_orders import letters, prices
from support.certificate_orders.lines import Checked
from support.certificate_orders.models import CertificateOrder, OrderLine
from support.certificate_orders.refused import (
    OrderBuyerError,
    OrderLimitError,
    OrderMailError,
    OrderMonthsError,
    OrderSettledError,
    PaidDayError,
    UnknownOrderError,
)
from support.mailroom import outbox
from support.mailroom.letters import Letter
from support.mailroom.options import MailOptions
from support.mailroom.threads import bare_address
from support.models import Certificate
from support.warranty_certificates import certificates
from support.warranty_certificates.certificates import NewCertificate, Sold
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy

BUYER_MAX = 200
PER_SOURCE_HOURLY = 20
_ID_MAX = 2**31


@dataclass(frozen=True)
class NewOrder:
    """What is ordered by whom; the same `form_key` twice is one order."""

    kind: EntitlementKind
    months: int
    buyer: str
    email: str
    form_key: str
    source: str
    language: str = "ru"


def place(
    session: Session,
    installation: Installation,
    new: NewOrder,
    lines: Sequence[Checked],
    *,
    actor: str,
    now: datetime,
) -> CertificateOrder:
    """C-4: order for the phones that can have it; raises the first line's refusal if none can.

    It is to be paid by the last day of the first window that closes (C-1).
    """
    query = select(CertificateOrder).where(CertificateOrder.form_key == new.form_key)
    known = session.scalar(query)
    if known is not None:
        return known
    _check(session, installation, new, now)
    good = {line.serial: line.until for line in lines if line.until is not None}
    if not good:
        raise next(line.refusal for line in lines if line.refusal is not None)
    order = CertificateOrder(
        form_key=new.form_key,
        token_sha256=_digest(token_of(installation, new.form_key)),
        kind=new.kind,
        months=new.months,
        buyer=new.buyer.strip(),
        email=bare_address(new.email),
        language=new.language,
        source=new.source,
        ordered_at=now,
        pay_by=min(good.values()),
        lines=[
            OrderLine(serial=serial, price=price_of(session, serial, new.kind, new.months, now))
            for serial in good
        ],
    )
    session.add(order)
    session.flush()
    audit.record(session, actor, "certificate-order.place", order.subject, now, phones=len(good))
    _write(session, installation, letters.placed(order, address_of(installation, order)), now)
    return order


def paid(
    session: Session,
    installation: Installation,
    order_id: int,
    paid_on: date,
    override: str,
    *,
    actor: str,
    now: datetime,
) -> Sold:
    """The money came on `paid_on`, which is the day of purchase: the certificate is issued.

    Raises WindowClosedError where that was after the last day, unless a reason is given (C-5).
    """
    order = _open(session, order_id)
    if not moscow_date(order.ordered_at) <= paid_on <= moscow_date(now):
        raise PaidDayError
    new = NewCertificate(
        number=f"С-{order.id:05d}",
        serials=order.serials,
        months=order.months,
        purchased_on=paid_on,
        kind=EntitlementKind(order.kind),
        override=override,
    )
    policy = installation.option(TermPolicy)
    sold = certificates.sell(session, new, policy, actor=actor, now=now)
    number = select(Certificate.id).where(Certificate.number == sold.number)
    order.paid_on, order.certificate_id = paid_on, session.scalar(number)
    audit.record(session, actor, "certificate-order.paid", order.subject, now, number=sold.number)
    address = address_of(installation, order)
    _write(session, installation, letters.issued(order, sold.number, address), now)
    return sold


def cancel(session: Session, order_id: int, *, actor: str, now: datetime) -> None:
    """Nobody will pay it."""
    order = _open(session, order_id)
    order.cancelled_at = now
    audit.record(session, actor, "certificate-order.cancel", order.subject, now)


def every(session: Session) -> Sequence[CertificateOrder]:
    """All orders, the latest first."""
    return session.scalars(select(CertificateOrder).order_by(CertificateOrder.id.desc())).all()


def by_token(session: Session, token: str) -> CertificateOrder:
    """The order that this address names; raises UnknownOrderError."""
    query = select(CertificateOrder).where(CertificateOrder.token_sha256 == _digest(token))
    found = session.scalar(query)
    if found is None:
        raise UnknownOrderError
    return found


def price_of(
    session: Session, serial: str, kind: EntitlementKind, months: int, now: datetime
) -> Decimal | None:
    """What the certificate of one phone costs today; None where no price is set."""
    device = registry.by_serial(session, SerialNumber.parse(serial))
    product_id = device.product_id if device else None
    return prices.of(session, product_id, kind, months, moscow_date(now))


def token_of(installation: Installation, form_key: str) -> str:
    """The token of an order, made of its form's random key.

    So a form sent twice leads to one page, and letters repeat an address of which only the digest
    is stored.
    """
    text = f"certificate-order:{form_key}".encode()
    made = hmac.new(installation.secret_key, text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:24]).decode()


def address_of(installation: Installation, order: CertificateOrder) -> str:
    """The secret address by which the buyer follows the order."""
    token = token_of(installation, order.form_key)
    return f"{installation.public_url}/warranty/certificate/{token}"


def _check(session: Session, installation: Installation, new: NewOrder, now: datetime) -> None:
    if new.kind not in certificates.KINDS:
        raise certificates.CertificateKindError
    if new.months not in prices.MONTHS:
        raise OrderMonthsError
    if not 0 < len(new.buyer.strip()) <= BUYER_MAX:
        raise OrderBuyerError(limit=BUYER_MAX)
    if not bare_address(new.email):
        raise OrderMailError
    recent = select(func.count()).where(
        CertificateOrder.source == new.source,
        CertificateOrder.ordered_at > now - timedelta(hours=1),
    )
    if (session.scalar(recent) or 0) >= PER_SOURCE_HOURLY:
        raise OrderLimitError(address=installation.option(MailOptions).address)


def _open(session: Session, order_id: int) -> CertificateOrder:
    query = select(CertificateOrder).where(CertificateOrder.id == order_id).with_for_update()
    found = session.scalar(query) if 0 < order_id < _ID_MAX else None
    if found is None:
        raise UnknownOrderError
    if found.paid_on is not None or found.cancelled_at is not None:
        raise OrderSettledError
    return found


def _write(session: Session, installation: Installation, letter: Letter, now: datetime) -> None:
    outbox.post(session, letter, installation.option(MailOptions), now=now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
