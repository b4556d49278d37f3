"""Products: adding, finding and listing them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue.models import HardwareRevision, Product
from storage.refusals import ConflictError, NotFoundError, RefusedError

#: Upper case and dashes: never a MAC (12 hex digits), never a channel or a file name.
_CODE = re.compile(r"^[A-Z][A-Z0-9]{0,14}(-[A-Z0-9]{1,14})*$")
_LIKE_A_MAC = re.compile(r"^[0-9A-F]{12}$")
_HARDWARE = re.compile(r"^[A-Z0-9][A-Z0-9.]{0,7}$")


class BadProductCodeError(RefusedError):
    code = "bad-product-code"
    field = "code"
    ru = "Код изделия «{text}» не годится: прописные латинские буквы, цифры и дефис, до 32."
    en = "The product code “{text}” is unusable: capital letters, digits and dashes, 32 at most."


class BadHardwareError(RefusedError):
    code = "bad-hardware"
    field = "hardware"
    ru = "Ревизия «{text}» не годится: нужны прописные латинские буквы и цифры, до 8 знаков."
    en = "The hardware revision “{text}” is unusable: capital letters and digits, 8 at most."


class ProductExistsError(ConflictError):
    code = "product-exists"
    field = "code"
    ru = "Изделие {code} уже есть."
    en = "The product {code} already exists."


class UnknownProductError(NotFoundError):
    code = "unknown-product"
    field = "product"
    ru = "Нет изделия {code}."
    en = "There is no product {code}."


class SupportEndsFirstError(RefusedError):
    code = "support-ends-first"
    field = "support_end"
    ru = "Поддержка не может закончиться раньше продаж."
    en = "Support cannot end before sales do."


class BadDayError(RefusedError):
    code = "bad-day"
    ru = "Дата «{text}» не понята. Нужно так: 2027-12-31."
    en = "The date “{text}” is not understood. Write it so: 2027-12-31."


@dataclass(frozen=True)
class Lifecycle:
    """The last days on which a product is sold and supported, in Moscow; None: not decided."""

    sales_end: date | None = None
    support_end: date | None = None


@dataclass(frozen=True)
class NewProduct:
    """A product to add; `hardware` holds at least one revision."""

    code: str
    name_ru: str
    name_en: str
    hardware: Sequence[str] = ("A",)
    summary_ru: str = ""
    summary_en: str = ""
    silhouette: str = "desk"


def add(session: Session, new: NewProduct, *, actor: str, now: datetime) -> Product:
    """Store a product; raises BadProductCodeError, BadHardwareError or ProductExistsError."""
    if len(new.code) > 32 or not _CODE.match(new.code) or _LIKE_A_MAC.match(new.code):
        raise BadProductCodeError(text=new.code)
    for revision in new.hardware:
        if not _HARDWARE.match(revision):
            raise BadHardwareError(text=revision)
    if session.scalar(select(Product.id).where(Product.code == new.code)) is not None:
        raise ProductExistsError(code=new.code)
    product = Product(
        code=new.code,
        name_ru=new.name_ru,
        name_en=new.name_en,
        summary_ru=new.summary_ru,
        summary_en=new.summary_en,
        silhouette=new.silhouette,
        hardware=[HardwareRevision(name=name) for name in sorted(set(new.hardware) or {"A"})],
    )
    session.add(product)
    session.flush()
    audit.record(session, actor, "product.add", f"product:{new.code}", now)
    return product


def set_lifecycle(
    session: Session, code: str, lifecycle: Lifecycle, *, actor: str, now: datetime
) -> Product:
    """Store when sales and support end; raises UnknownProductError or SupportEndsFirstError."""
    product = get(session, code)
    sales_end, support_end = lifecycle.sales_end, lifecycle.support_end
    if sales_end and support_end and support_end < sales_end:
        raise SupportEndsFirstError
    if (product.sales_end, product.support_end) != (sales_end, support_end):
        product.sales_end, product.support_end = sales_end, support_end
        session.flush()
        audit.record(
            session,
            actor,
            "product.lifecycle",
            f"product:{code}",
            now,
            sales_end=sales_end.isoformat() if sales_end else None,
            support_end=support_end.isoformat() if support_end else None,
        )
    return product


def day(text: str) -> date | None:
    """The civil date that a person wrote, None for none; raises BadDayError."""
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise BadDayError(text=text.strip()[:40]) from error


def get(session: Session, code: str) -> Product:
    """The product with this code; raises UnknownProductError."""
    product = session.scalar(select(Product).where(Product.code == code))
    if product is None:
        raise UnknownProductError(code=code)
    return product


def every(session: Session) -> Sequence[Product]:
    """All products by code."""
    return session.scalars(select(Product).order_by(Product.code)).all()
