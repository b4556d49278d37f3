"""Finding documents by title, short name, product and kind; passages.py looks into their texts.

All words of the query must occur, in any order and in either language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from catalogue.models import Product
from docs_store import editions, library
from docs_store.editions import EditionOffer
from docs_store.kinds import Kind
from docs_store.models import Document
from docs_store.words import composed, folded

MAX_QUERY = 200  # characters; the rest of a longer query is not looked at
MAX_WORDS = 12
PAGE = 50  # documents on one page of a list


@dataclass(frozen=True)
class DocumentQuery:
    """What is looked for; empty fields ask for nothing. `language` is the reader's."""

    text: str = ""
    product: str = ""
    kind: str = ""
    language: str = "ru"


@dataclass(frozen=True)
class ProductName:
    code: str
    name: str


@dataclass(frozen=True)
class FoundDocument:
    """A document in a list, with the edition that its reader is offered first."""

    slug: str
    kind: Kind
    title: str
    products: tuple[ProductName, ...]
    languages: tuple[str, ...]
    edition_count: int
    offer: EditionOffer


@dataclass(frozen=True)
class Listed:
    """One page of a list of documents, and how many documents fit in all."""

    found: list[FoundDocument]
    count: int


def search(session: Session, query: DocumentQuery) -> list[FoundDocument]:
    """All documents that fit the query, by kind and title."""
    fitting = _fitting(session, query).subquery()
    return _found(session, session.scalars(select(fitting.c.id)).all(), query.language)


def listed(session: Session, query: DocumentQuery, page: int) -> Listed:
    """The documents on this page, from 1, of those that fit the query, by kind and title."""
    fitting = _fitting(session, query).cte()
    counted = select(func.count()).select_from(fitting).scalar_subquery()
    # One look at the table for both; the database sorts no more than it must for this page.
    shown = select(fitting.c.id, counted).order_by(fitting.c.place, fitting.c.shown, fitting.c.slug)
    rows = session.execute(shown.limit(PAGE).offset((page - 1) * PAGE)).all()
    if not rows:
        return Listed([], session.scalar(select(counted)) or 0)
    return Listed(_found(session, [row[0] for row in rows], query.language), rows[0][1])


def as_found(document: Document, language: str) -> FoundDocument | None:
    """A document as a list shows it to a reader of `language`; None without editions."""
    published = library.published(document)
    offered = editions.offer(published, None, language)
    if offered is None:
        return None
    return FoundDocument(
        slug=document.slug,
        kind=Kind(document.kind),
        title=document.title(language),
        products=product_names(document, language),
        languages=tuple(sorted({e.language for e in published}, reverse=True)),
        edition_count=len(published),
        offer=offered,
    )


def product_names(document: Document, language: str) -> tuple[ProductName, ...]:
    """The products that a document is about, in a reader's language."""
    return tuple(ProductName(p.code, p.name(language)) for p in document.products)


def narrowed(query: DocumentQuery) -> list[ColumnElement[bool]]:
    """What the query's product and kind ask of a document."""
    asked: list[ColumnElement[bool]] = []
    if query.product:
        # No product's code holds a NUL, which PostgreSQL refuses to look for.
        asked.append(Document.products.any(Product.code == composed(query.product)))
    if query.kind:
        asked.append(Document.kind == composed(query.kind))
    return asked


def _fitting(session: Session, query: DocumentQuery) -> Select[Any]:
    """The documents that fit, each with what a list is ordered by."""
    place, shown, slug = _order(query.language)
    return select(
        Document.id, place.label("place"), shown.label("shown"), slug.label("slug")
    ).where(*_asked(session, query))


def _found(session: Session, ids: Sequence[int], language: str) -> list[FoundDocument]:
    documents = session.scalars(
        select(Document).where(Document.id.in_(ids)).order_by(*_order(language))
    )
    return [item for d in documents if (item := as_found(d, language)) is not None]


def _asked(session: Session, query: DocumentQuery) -> list[ColumnElement[bool]]:
    """What the query asks of a document: every word, and an edition to be offered."""
    words = folded(composed(query.text[:MAX_QUERY])).split()[:MAX_WORDS]
    names = _product_names(session) if words else {}
    return [
        Document.searched != "",
        *narrowed(query),
        *(_holds(word, names) for word in words),
    ]


def _holds(word: str, names: dict[int, str]) -> ColumnElement[bool]:
    """Whether a document's titles, its kind or one of its products' names hold the word."""
    kinds = [kind for kind in Kind if word in _kind_words(kind)]
    products = [product_id for product_id, name in names.items() if word in name]
    return or_(
        Document.searched.contains(word, autoescape=True),
        Document.kind.in_(kinds),
        Document.products.any(Product.id.in_(products)),
    )


def _product_names(session: Session) -> dict[int, str]:
    rows = session.execute(select(Product.id, Product.code, Product.name_ru, Product.name_en))
    return {row[0]: folded("\n".join(row[1:])) for row in rows}


def _kind_words(kind: Kind) -> str:
    return folded("\n".join((kind, kind.label("ru"), kind.label("en"))))


def _order(language: str) -> tuple[ColumnElement[Any], ...]:
    first, second = Document.title_ru, Document.title_en
    if language == "en":
        first, second = second, first
    shown = func.lower(case((first != "", first), else_=second))
    place = case({kind.value: kind.place for kind in Kind}, value=Document.kind)
    return place, shown, Document.slug.expression
