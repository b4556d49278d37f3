"""The index over the pages of all editions, on both databases, and looking pages up in it.

Both hold our stems (FTS5, and PostgreSQL's `simple` configuration), so that both give the same
answers: PostgreSQL's `russian` does not find «прошивок» for «прошивка».
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    column,
    delete,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.orm import Session

from docs_store.models import Document, Edition, EditionPage
from docs_store.words import Phrase, stems

#: A page of a datasheet dump may hold more; PostgreSQL's index takes so many positions.
MAX_PAGE = 100_000  # characters
MAX_PHRASES = 12
#: So many of the newest fitting pages are ranked: nobody reads on, and ranking reads each one.
_RANKED = 1000

_INDEX: ColumnElement[Any] = literal_column("edition_page.found")
_FTS = table("edition_page_fts", column("rowid", Integer), column("rank", Float))


@dataclass(frozen=True)
class Hit:
    """A page that answers a query: of which document and edition, and its place (0 is best)."""

    document_id: int
    edition_id: int
    page_id: int
    number: int


def fill(session: Session, edition_id: int, texts: Iterable[str]) -> None:
    """Index an edition's pages, from page 1, in place of what was indexed before."""
    session.execute(delete(EditionPage).where(EditionPage.edition_id == edition_id))
    for number, found in enumerate(texts, start=1):
        page = found[:MAX_PAGE]
        session.add(EditionPage(edition_id=edition_id, number=number, text=page, stems=stems(page)))
    session.flush()


def hits(
    session: Session,
    phrases: Sequence[Phrase],
    narrowed: Sequence[ColumnElement[bool]],
    limit: int,
) -> list[Hit]:
    """The best pages that hold all phrases, of editions not withdrawn; `narrowed` by document."""
    if not phrases:
        return []
    matched = _on_sqlite if _is_sqlite(session) else _on_postgresql
    pages = (
        select(Document.id, Edition.id, EditionPage.id, EditionPage.number)
        .join(Edition, Edition.id == EditionPage.edition_id)
        .join(Document, Document.id == Edition.document_id)
        .where(Edition.withdrawn_at.is_(None), *narrowed)
    )
    newest = matched(pages, phrases[:MAX_PHRASES]).limit(_RANKED).subquery()
    ranked = select(*newest.c).order_by(newest.c.rank, newest.c[2]).limit(limit)
    return [Hit(*row[:4]) for row in session.execute(ranked)]


def _on_sqlite(
    pages: Select[int, int, int, int], phrases: Sequence[Phrase]
) -> Select[*tuple[Any, ...]]:
    wanted = " ".join(f'"{" ".join(phrase.stems)}"' for phrase in phrases)
    return (
        pages.add_columns(_FTS.c.rank.label("rank"))
        .join(_FTS, _FTS.c.rowid == EditionPage.id)
        .where(literal_column(_FTS.name).op("MATCH")(wanted))
        .order_by(_FTS.c.rowid.desc())
    )


def _on_postgresql(
    pages: Select[int, int, int, int], phrases: Sequence[Phrase]
) -> Select[*tuple[Any, ...]]:
    each: list[ColumnElement[Any]] = [
        func.phraseto_tsquery("simple", " ".join(phrase.stems)) for phrase in phrases
    ]
    wanted = reduce(lambda one, other: one.op("&&")(other), each)
    return (
        pages.add_columns((-func.ts_rank(_INDEX, wanted)).label("rank"))
        .where(_INDEX.op("@@")(wanted))
        .order_by(EditionPage.id.desc())
    )


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
