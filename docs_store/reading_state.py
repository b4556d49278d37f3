"""What was read from an edition's file, as pages show it: how many pages, a picture, a problem."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from docs_store.editions import PublishedEdition
from docs_store.models import Document, Edition, EditionText
from docs_store.naming import is_slug
from storage.blob_keeping.blob_models import Blob

Number = tuple[str, str]  # an edition's language and version


@dataclass(frozen=True)
class ReadingState:
    """`page_count` is None in a file without pages; `problem` is what pdfium or a limit said."""

    page_count: int | None
    thumbnail: str | None
    problem: str


@dataclass(frozen=True)
class Picture:
    """A PNG of `size` bytes."""

    sha256: str
    size: int
    stored_at: datetime


def of(session: Session, slug: str, edition: PublishedEdition) -> ReadingState | None:
    """What was read from this edition's file; None when nobody has read it yet."""
    return of_all(session, slug).get((edition.language, edition.version))


def of_all(session: Session, slug: str) -> dict[Number, ReadingState]:
    """What was read from a document's editions, by language and version."""
    if not is_slug(slug):
        return {}
    query = select(Edition.language, Edition.version, EditionText).join(
        EditionText, EditionText.edition_id == Edition.id
    )
    rows = session.execute(query.join(Document).where(Document.slug == slug))
    return {
        (language, version): ReadingState(text.page_count, text.thumbnail, text.problem)
        for language, version, text in rows
    }


def thumbnail(session: Session, sha256: str) -> Picture | None:
    """An edition's picture by its hash; None for any other blob."""
    if not sha256.isalnum():
        return None
    shown = select(EditionText).where(EditionText.thumbnail == Blob.sha256).exists()
    row = session.scalar(select(Blob).where(Blob.sha256 == sha256, shown))
    return Picture(row.sha256, row.size, row.stored_at) if row else None
