"""`/products.json`: what products are called and which hardware there is, signed for mirrors.

It is written anew in a publication that finds it different, and before it ages.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import delete
from sqlalchemy.orm import Session

from catalogue import products, signed_files
from catalogue.keys import KeyRing
from catalogue.models import HardwareRevision, Product, SignedFile
from catalogue.phone_manifest import SignedFile as SignedBytes
from catalogue.signed_files import Edition
from storage.refusals import RefusedError

PATH = "/products.json"
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


class BadProductListError(RefusedError):
    code = "bad-product-list"
    ru = "Список изделий не читается: {reason}"
    en = "The list of products cannot be read: {reason}"


@dataclass(frozen=True)
class ListedProduct:
    """A product as the list describes it."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,32}$")]
    name_ru: str
    name_en: str
    summary_ru: str
    summary_en: str
    silhouette: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    hardware: Annotated[tuple[str, ...], Field(min_length=1)]
    sales_end: date | None = None
    support_end: date | None = None


@dataclass(frozen=True)
class ProductList:
    products: tuple[ListedProduct, ...]


_LIST = TypeAdapter(ProductList)


def parse(body: bytes) -> Sequence[ListedProduct]:
    """The products in a list whose signature was checked; raises BadProductListError."""
    try:
        return _LIST.validate_json(body).products
    except ValidationError as error:
        raise BadProductListError(reason=error.errors(include_input=False)[0]["msg"]) from error


def refresh(session: Session, ring: KeyRing, now: datetime) -> None:
    """Sign the list anew if it says something else than the rows, or is due anyway."""
    listed = [_entry(found) for found in products.every(session)]
    stored = session.get(SignedFile, PATH)
    if stored is not None and not _is_stale(stored, listed, now):
        return

    def make(edition: Edition) -> SignedBytes:
        issued = edition.issued_at.strftime(_INSTANT)
        document = {
            "format": 1,
            "serial": edition.serial,
            "issued": issued,
            "expires": edition.expires_at.strftime(_INSTANT),
            "products": listed,
        }
        body = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
        comment = f"serial:{edition.serial} products issued:{issued}"
        return SignedBytes(body, ring.online.sign(body, comment))

    signed_files.replace(session, PATH, make, content_type=signed_files.JSON_TYPE, now=now)


def take(session: Session, listed: Sequence[ListedProduct]) -> None:
    """Make the rows say what an upstream's list says of these products."""
    known = {found.code: found for found in products.every(session)}
    for entry in listed:
        product = known.get(entry.code) or Product(code=entry.code)
        for name in ("name_ru", "name_en", "summary_ru", "summary_en", "silhouette"):
            setattr(product, name, getattr(entry, name))
        product.sales_end, product.support_end = entry.sales_end, entry.support_end
        session.add(product)
        session.flush()
        _take_hardware(session, product, entry)


def _take_hardware(session: Session, product: Product, entry: ListedProduct) -> None:
    gone = set(product.revisions) - set(entry.hardware)
    if gone:
        session.execute(
            delete(HardwareRevision).where(
                HardwareRevision.product_id == product.id, HardwareRevision.name.in_(gone)
            )
        )
    new = set(entry.hardware) - set(product.revisions)
    session.add_all(HardwareRevision(product_id=product.id, name=name) for name in sorted(new))
    session.flush()
    session.refresh(product)


def _entry(found: Product) -> Mapping[str, object]:
    return {
        "code": found.code,
        "name_ru": found.name_ru,
        "name_en": found.name_en,
        "summary_ru": found.summary_ru,
        "summary_en": found.summary_en,
        "silhouette": found.silhouette,
        "hardware": list(found.revisions),
        "sales_end": found.sales_end.isoformat() if found.sales_end else None,
        "support_end": found.support_end.isoformat() if found.support_end else None,
    }


def _is_stale(stored: SignedFile, listed: Sequence[Mapping[str, object]], now: datetime) -> bool:
    expires = stored.expires_at
    is_old = expires is None or expires < signed_files.renewed_before(now)
    return is_old or json.loads(stored.body)["products"] != listed
