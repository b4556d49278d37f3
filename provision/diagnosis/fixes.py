"""Which release mends what: so that nobody hunts a fault that an update ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products
from catalogue.models import Product
from catalogue.versions import BadVersionError, Version
from provision.diagnosis.findings import Code
from provision.diagnosis.models import FirmwareFix
from storage.phrases import Phrase
from storage.refusals import NotFoundError, RefusedError

TEXT_LENGTH_MAX = 500


class UnknownFindingError(RefusedError):
    code = "unknown-finding"
    field = "code"
    ru = "Нет вывода диагностики «{code}»."
    en = "No finding of a diagnosis is called “{code}”."


class FixTextError(RefusedError):
    code = "fix-text"
    field = "text_ru"
    ru = "Напишите по-русски, что исправлено (до {limit} знаков)."
    en = "Say in Russian what is mended (at most {limit} characters)."


class UnknownFixError(NotFoundError):
    code = "unknown-fix"
    ru = "Такого исправления не записано."
    en = "No such fix is on record."


@dataclass(frozen=True)
class Fix:
    """One record: from `fixed_in` on, the finding `code` is mended."""

    id: int
    product: str
    code: Code
    fixed_in: str
    text: Phrase


def add(
    session: Session,
    product_code: str,
    code: str,
    fixed_in: str,
    text: Phrase,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Record that a version mends a finding; saying it again corrects the words."""
    product = products.get(session, product_code)
    version = Version.parse(fixed_in).text
    if code not in set(Code):
        raise UnknownFindingError(code=ascii(code[:40])[1:-1])
    words = text.ru.strip()
    if not words or max(len(words), len(text.en)) > TEXT_LENGTH_MAX:
        raise FixTextError(limit=TEXT_LENGTH_MAX)
    row = session.scalar(
        select(FirmwareFix).where(
            FirmwareFix.product_id == product.id,
            FirmwareFix.code == code,
            FirmwareFix.fixed_in == version,
        )
    )
    if row is None:
        row = FirmwareFix(product_id=product.id, code=code, fixed_in=version)
        session.add(row)
    row.text_ru, row.text_en = words, text.en.strip() or words
    row.recorded_by, row.recorded_at = actor, now
    session.flush()
    audit.record(
        session, actor, "fix.add", f"product:{product.code}", now, code=code, fixed_in=version
    )


def remove(session: Session, fix_id: int, *, actor: str, now: datetime) -> None:
    """Take a record back; raises UnknownFixError."""
    row = session.get(FirmwareFix, fix_id)
    if row is None:
        raise UnknownFixError
    product = session.get_one(Product, row.product_id)
    subject = f"product:{product.code}"
    audit.record(session, actor, "fix.remove", subject, now, code=row.code, fixed_in=row.fixed_in)
    session.delete(row)


def every(session: Session) -> Sequence[Fix]:
    """All records, by product and version."""
    rows = session.execute(
        select(FirmwareFix, Product.code).join(Product, Product.id == FirmwareFix.product_id)
    ).all()
    found = [_fix(row, code) for row, code in rows]
    return sorted(found, key=lambda one: (one.product, Version.parse(one.fixed_in), one.code))


def on_the_way(
    session: Session, product_id: int, running: str | None, due: str
) -> Mapping[Code, Phrase]:
    """What is mended in the versions above `running` up to `due`."""
    try:
        above = Version.parse(running or "")
    except BadVersionError:
        return {}
    rows = session.scalars(select(FirmwareFix).where(FirmwareFix.product_id == product_id))
    return {
        Code(row.code): Phrase(row.text_ru, row.text_en)
        for row in rows
        if above < Version.parse(row.fixed_in) <= Version.parse(due)
    }


def _fix(row: FirmwareFix, product: str) -> Fix:
    return Fix(row.id, product, Code(row.code), row.fixed_in, Phrase(row.text_ru, row.text_en))
