"""What a certificate costs: dated, for a product or for all, by what it gives and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products
from catalogue.models import Product
from storage.clock import moscow_date
from storage.refusals import ConflictError, NotFoundError, RefusedError
from support.certificate_orders.models import CertificatePrice
from support.warranty_certificates.certificates import KINDS, CertificateKindError
from support.warranty_terms.entitlements import EntitlementKind

MONTHS = (12, 24, 36)


class PriceMonthsError(RefusedError):
    code = "price-months"
    field = "months"
    ru = "Выберите срок из списка."
    en = "Choose the length from the list."


class PriceAmountError(RefusedError):
    code = "price-amount"
    field = "price"
    ru = "Цена — рубли за один телефон, например 1 990 или 1990,50."
    en = "The price is in roubles for one phone, such as 1 990 or 1990.50."


class PriceDayError(RefusedError):
    code = "price-day"
    field = "valid_from"
    ru = "Цена действует с сегодняшнего или с более позднего дня: прошлые заказы не меняются."
    en = "A price holds from today or from a later day: orders of the past do not change."


class PriceTakenError(ConflictError):
    code = "price-taken"
    field = "valid_from"
    ru = "С этого дня такая цена уже назначена. Отмените её или выберите другой день."
    en = "There is such a price from this day already. Remove it, or choose another day."


class PriceInForceError(ConflictError):
    code = "price-in-force"
    ru = "Эта цена уже действует: назначьте новую, отменить можно только будущую."
    en = "This price holds already: set a new one; only a future one can be removed."


class UnknownPriceError(NotFoundError):
    code = "unknown-price"
    ru = "Такой цены нет."
    en = "There is no such price."


@dataclass(frozen=True)
class NewPrice:
    """A price of one phone's certificate; an empty product is every product without its own."""

    kind: EntitlementKind
    months: int
    price: Decimal
    valid_from: date
    product: str = ""


def of(
    session: Session, product_id: int | None, kind: EntitlementKind, months: int, day: date
) -> Decimal | None:
    """What one phone's certificate costs on a day: the product's own price, else everybody's."""
    one = CertificatePrice
    query = select(one.price).where(
        or_(one.product_id == product_id, one.product_id.is_(None)),
        one.kind == kind,
        one.months == months,
        one.valid_from <= day,
    )
    own_first = one.product_id.is_(None), one.valid_from.desc(), one.id.desc()
    return session.scalar(query.order_by(*own_first).limit(1))


def current(
    session: Session, day: date
) -> Sequence[tuple[EntitlementKind, int, Decimal | None, Sequence[tuple[str, Decimal]]]]:
    """For each kind and length: everybody's price, and those of products that have their own."""
    one = CertificatePrice
    query = (
        select(one.kind, one.months, one.price, Product.code)
        .outerjoin(Product, Product.id == one.product_id)
        .where(one.valid_from <= day)
        .order_by(one.valid_from, one.id)
    )
    # The latest of each comes last and stays.
    held: dict[tuple[EntitlementKind, int, str | None], Decimal] = {
        (kind, months, code): price for kind, months, price, code in session.execute(query)
    }
    found = []
    for kind in KINDS:
        for months in MONTHS:
            general = held.get((kind, months, None))
            special = [
                (code, price)
                for (its_kind, its_months, code), price in sorted(held.items(), key=_by_product)
                if code is not None
                and (its_kind, its_months) == (kind, months)
                and price != general
            ]
            if general is not None or special:
                found.append((kind, months, general, special))
    return found


def _by_product(one: tuple[tuple[EntitlementKind, int, str | None], Decimal]) -> str:
    return one[0][2] or ""


def every(session: Session) -> Sequence[CertificatePrice]:
    """All prices ever set, the latest to hold first."""
    one = CertificatePrice
    return session.scalars(select(one).order_by(one.valid_from.desc(), one.id.desc())).all()


def add(session: Session, new: NewPrice, *, actor: str, now: datetime) -> CertificatePrice:
    """Set a price from a day on; what was ordered before keeps the price it had."""
    if new.kind not in KINDS:
        raise CertificateKindError
    if new.months not in MONTHS:
        raise PriceMonthsError
    if new.valid_from < moscow_date(now):
        raise PriceDayError
    product = products.get(session, new.product) if new.product else None
    product_id = product.id if product else None
    same = select(CertificatePrice.id).where(
        CertificatePrice.product_id.is_not_distinct_from(product_id),
        CertificatePrice.kind == new.kind,
        CertificatePrice.months == new.months,
        CertificatePrice.valid_from == new.valid_from,
    )
    if session.scalar(same.limit(1)) is not None:
        raise PriceTakenError
    row = CertificatePrice(
        product_id=product_id,
        kind=new.kind,
        months=new.months,
        price=new.price,
        valid_from=new.valid_from,
        set_by=actor,
        set_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session, actor, "certificate-price.set", row.subject, now,
        product=new.product, kind=new.kind.value, months=new.months, price=str(new.price),
        valid_from=new.valid_from.isoformat(),
    )  # fmt: skip
    return row


def remove(session: Session, price_id: int, *, actor: str, now: datetime) -> None:
    """Take back a price whose day has not come; raises PriceInForceError."""
    row = session.get(CertificatePrice, price_id) if 0 < price_id < 2**31 else None
    if row is None:
        raise UnknownPriceError
    if row.valid_from <= moscow_date(now):
        raise PriceInForceError
    audit.record(session, actor, "certificate-price.remove", row.subject, now)
    session.delete(row)
