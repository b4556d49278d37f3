"""What orders of certificates hold of people: the buyer, and where the invoice went."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from accounts.people import mask_audit
from storage.clock import MOSCOW, moscow_date
from storage.installation import Installation
from storage.people import ERASED, Held, Holder, Mention, Obstacle, Person
from storage.phrases import Phrase
from support.certificate_orders.models import CertificateOrder, WindowReminder
from support.mailroom import people as letters

ORDER, REMINDER = "order", "reminder"
_AT_ONCE = 200


def _mentions(session: Session) -> Iterable[Mention]:
    one = CertificateOrder
    for name, email in session.execute(select(one.buyer, one.email).distinct()):
        yield Mention(name if email else "", email)


def _find(session: Session, who: Person) -> Sequence[Held]:
    told = select(WindowReminder).where(WindowReminder.recipient.in_(who.emails))
    return [
        *(_held(order) for order in _of(session, who)),
        *(_held_reminder(one) for one in session.scalars(told)),
    ]


def _expired(session: Session, category: str, before: datetime) -> Sequence[Held]:
    if category == REMINDER:
        told = select(WindowReminder).where(WindowReminder.told_at < before).limit(_AT_ONCE)
        return [_held_reminder(one) for one in session.scalars(told)]
    one = CertificateOrder
    day = func.coalesce(one.paid_on, one.pay_by)
    over = or_(one.cancelled_at < before, one.cancelled_at.is_(None) & (day <= moscow_date(before)))
    query = select(one).where(one.ordered_at < before, one.email != "", over).order_by(one.id)
    found = (_held(order) for order in session.scalars(query.limit(_AT_ONCE)))
    return [held for held in found if held.over_at and held.over_at < before]


def _erase(session: Session, _installation: Installation, held: Held, _now: datetime) -> None:
    if held.category == REMINDER:
        device, days, recipient = str(held.key).split(" ", 2)
        session.delete(session.get_one(WindowReminder, (int(device), int(days), recipient)))
        return
    order = session.get_one(CertificateOrder, held.key)
    words = [order.buyer, order.email]
    order.buyer, order.email, order.source = ERASED, "", ""
    letters.forget_about(session, order.subject)
    session.flush()
    mask_audit(session, order.subject, words)


def _obstacles(session: Session, who: Person, today: date) -> Sequence[Obstacle]:
    return [
        Obstacle(
            Phrase(
                f"Заказ сертификата {order.id} ждёт оплаты.",
                f"The order {order.id} of a certificate awaits its payment.",
            ),
            order.pay_by,
            subject=order.subject,
        )
        for order in _of(session, who)
        if order.paid_on is None and order.cancelled_at is None and order.pay_by >= today
    ]


def _of(session: Session, who: Person) -> Sequence[CertificateOrder]:
    one = CertificateOrder
    query = select(one).where(or_(one.email.in_(who.emails))).order_by(one.id)
    return session.scalars(query).all()


def _held(order: CertificateOrder) -> Held:
    says = {
        "number": order.id,
        "name": order.buyer,
        "email": order.email,
        "phones": list(order.serials),
        "months": order.months,
        "source": order.source,
    }
    over = order.cancelled_at or _noon(order.paid_on or order.pay_by)
    return Held(ORDER, order.subject, order.id, order.ordered_at, over, says)


def _held_reminder(one: WindowReminder) -> Held:
    key = f"{one.device_id} {one.days_before} {one.recipient}"
    subject = f"certificate-reminder:{one.device_id}/{one.days_before}"
    return Held(REMINDER, subject, key, one.told_at, one.told_at, {"recipient": one.recipient})


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), MOSCOW).astimezone(UTC)


HOLDER = Holder(frozenset({ORDER, REMINDER}), _mentions, _find, _expired, _erase, _obstacles)
