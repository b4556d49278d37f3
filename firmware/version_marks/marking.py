"""Marking versions: shipped from the factory, known to be broken, or the floor of what is offered.

A fact is recorded whatever follows from it, and the caller is told which phones it strands; a
floor is a choice, and one that strands phones is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products
from catalogue.keys import KeyRing
from catalogue.models import Product
from catalogue.versions import Version
from firmware import manifests, paths, releases
from firmware.models import Channel, Release
from firmware.paths import Problem, ReleaseNode
from firmware.version_marks import marks
from firmware.version_marks.marks import Mark, MarkKind
from firmware.version_marks.models import VersionMark
from storage.refusals import ConflictError, NotFoundError, RefusedError

MAX_REASON = 500


class UnknownKindError(RefusedError):
    code = "unknown-mark-kind"
    field = "kind"
    ru = "Нет пометки «{kind}»: есть shipped, broken и floor."
    en = "There is no mark “{kind}”: there are shipped, broken and floor."


class UnknownRevisionError(RefusedError):
    code = "unknown-hardware"
    field = "hardware"
    ru = "У изделия {product} нет ревизии {hardware}."
    en = "The product {product} has no hardware revision {hardware}."


class ReasonMissingError(RefusedError):
    code = "reason-missing"
    field = "reason"
    ru = "Напишите, чем неисправна версия: причину увидят все."
    en = "Say what is broken in the version: everyone will see the reason."


class FloorStrandsError(ConflictError):
    code = "floor-strands-phones"
    field = "version"
    ru = "С таким порогом часть телефонов не обновится: {problem_ru}. Сначала выпустите шаг."
    en = "With this floor some phones could not upgrade: {problem_en}. Publish a step first."


class UnknownMarkError(NotFoundError):
    code = "unknown-mark"
    ru = "У версии {version} изделия {product} нет такой пометки."
    en = "The version {version} of {product} carries no such mark."


@dataclass(frozen=True)
class NewMark:
    """A mark to set; no `hardware` means every revision."""

    product: str
    version: str
    kind: str
    hardware: str | None = None
    reason: str = ""


def kind_named(text: str) -> MarkKind:
    """The kind of this name; raises UnknownKindError."""
    if text not in set(MarkKind):
        raise UnknownKindError(kind=text[:32])
    return MarkKind(text)


def of_product(session: Session, product: Product) -> list[VersionMark]:
    """A product's marks, the highest version first."""
    found = session.scalars(select(VersionMark).where(VersionMark.product_id == product.id))
    return sorted(found, key=lambda row: (row.mark.version, row.kind, row.hardware), reverse=True)


def set_mark(
    session: Session, new: NewMark, keys: KeyRing, *, actor: str, now: datetime
) -> list[Problem]:
    """Mark a version and sign the product's lists anew; the problems that this brings.

    Marking twice keeps one mark with the newer reason. Raises FloorStrandsError for a floor that
    leaves phones without a way, ReasonMissingError for a broken version without a reason.
    """
    product, kind, version = _understood(session, new)
    reason = new.reason.strip()[:MAX_REASON]
    if kind is MarkKind.BROKEN and not reason:
        raise ReasonMissingError
    before = problems_of(session, product)
    row = _found(session, product, kind, version, new.hardware)
    if row is None:
        row = VersionMark(
            product_id=product.id,
            kind=kind,
            version=str(version),
            canonical=version.canonical,
            hardware=new.hardware or "",
        )
        session.add(row)
    row.reason, row.marked_at, row.marked_by = reason, now, actor
    brought = _settle(session, product, before)
    if kind is MarkKind.FLOOR and brought:
        first = brought[0]
        raise FloorStrandsError(problem_ru=first.text("ru"), problem_en=first.text("en"))
    _record(session, "version.mark", product, row, actor, now)
    manifests.refresh(session, product, keys, now)
    return brought


def remove_mark(
    session: Session, gone: NewMark, keys: KeyRing, *, actor: str, now: datetime
) -> list[Problem]:
    """Take a mark away and sign the lists anew; the problems that this brings.

    Raises UnknownMarkError where there is none.
    """
    product, kind, version = _understood(session, gone)
    row = _found(session, product, kind, version, gone.hardware)
    if row is None:
        raise UnknownMarkError(version=version, product=product.code)
    before = problems_of(session, product)
    _record(session, "version.unmark", product, row, actor, now)
    session.delete(row)
    brought = _settle(session, product, before)
    manifests.refresh(session, product, keys, now)
    return brought


def problems_of(session: Session, product: Product) -> list[Problem]:
    """Where phones of a product get stuck on their way to the latest release of a channel.

    Looks from every version ever shipped: the releases, those from the factory, the broken ones.
    """
    return problems_among(releases.with_awaiting(session, product.id), product)


def problems_among(found: Sequence[Release], product: Product) -> list[Problem]:
    """The same for releases that are at hand."""
    return problems_in(releases.nodes(found), releases.marks_of(found), product)


def problems_in(
    graph: tuple[ReleaseNode, ...], known: Sequence[Mark], product: Product
) -> list[Problem]:
    """The same for a graph, which may hold a release that is not listed yet."""
    return [
        problem
        for channel in Channel
        for hardware in product.revisions
        for problem in paths.check(
            paths.in_channel(graph, channel),
            marks.in_the_field(known, hardware),
            hardware,
            marks.broken(known, hardware),
        )
    ]


def newly_stuck(before: Sequence[Problem], after: Sequence[Problem]) -> list[Problem]:
    """The problems of `after` for phones that had none before, each once."""
    known = {(problem.hardware, problem.version) for problem in before}
    fresh = [problem for problem in after if (problem.hardware, problem.version) not in known]
    return list(dict.fromkeys(fresh))


def _settle(session: Session, product: Product, before: Sequence[Problem]) -> list[Problem]:
    session.flush()
    # The releases at hand remember the marks of before.
    session.expire_all()
    return newly_stuck(before, problems_of(session, product))


def _understood(session: Session, new: NewMark) -> tuple[Product, MarkKind, Version]:
    product = products.get(session, new.product)
    if new.hardware and new.hardware not in product.revisions:
        raise UnknownRevisionError(product=product.code, hardware=new.hardware[:32])
    return product, kind_named(new.kind), Version.parse(new.version)


def _found(
    session: Session, product: Product, kind: MarkKind, version: Version, hardware: str | None
) -> VersionMark | None:
    return session.scalar(
        select(VersionMark).where(
            VersionMark.product_id == product.id,
            VersionMark.kind == kind,
            VersionMark.canonical == version.canonical,
            VersionMark.hardware == (hardware or ""),
        )
    )


def _record(
    session: Session, action: str, product: Product, row: VersionMark, actor: str, now: datetime
) -> None:
    audit.record(
        session,
        actor,
        action,
        f"release:{product.code}/{row.version}",
        now,
        kind=str(row.kind),
        hardware=row.hardware or "*",
        reason=row.reason,
    )
