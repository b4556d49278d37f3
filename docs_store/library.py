"""Finding documents and their editions: by name, for a product's firmware, and all for programs."""

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.models import Product
from catalogue.versions import Version
from docs_store import editions
from docs_store.editions import EditionOffer, PublishedEdition
from docs_store.kinds import Kind
from docs_store.models import Document, Edition
from docs_store.naming import Language, is_slug, shown
from docs_store.words import folded
from storage.refusals import NotFoundError


class UnknownDocumentError(NotFoundError):
    code = "unknown-document"
    field = "slug"
    ru = "Нет документа «{slug}»."
    en = "There is no document “{slug}”."


class UnknownEditionError(NotFoundError):
    code = "unknown-edition"
    ru = "У документа «{slug}» нет издания {version} ({language})."
    en = "The document “{slug}” has no edition {version} ({language})."


@dataclass(frozen=True)
class DocumentEntry:
    """An edition in `/manifest.json`: `url` is path-absolute, `size` in bytes, `sha256` in hex.

    `latest` is true for the newest edition of its document in its language.
    """

    slug: str
    lang: str
    version: str
    url: str
    file: str
    size: int
    sha256: str
    kind: str
    title: str
    products: tuple[str, ...]
    applies_from: str | None
    applies_to: str | None
    published_at: datetime
    latest: bool

    def as_json(self) -> dict[str, object]:
        """The entry in JSON's types; the instant as 2026-11-22T10:00:00Z."""
        instant = self.published_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {**asdict(self), "published_at": instant}


def every(session: Session) -> Sequence[Document]:
    """All documents by slug."""
    return session.scalars(select(Document).order_by(Document.slug)).all()


def find(session: Session, slug: str) -> Document | None:
    """The document with this slug, or None; any text may be asked for."""
    # PostgreSQL refuses some texts (NUL) before it looks; no such text is a slug.
    if not is_slug(slug):
        return None
    return session.scalar(select(Document).where(Document.slug == slug))


def get(session: Session, slug: str) -> Document:
    """The document with this slug; raises UnknownDocumentError."""
    document = find(session, slug)
    if document is None:
        raise UnknownDocumentError(slug=shown(slug))
    return document


def published(document: Document) -> list[PublishedEdition]:
    """The editions of a document that readers are offered, the newest first."""
    return [edition for edition in ever_published(document) if edition.withdrawn_at is None]


def ever_published(document: Document) -> list[PublishedEdition]:
    """All editions of a document, the withdrawn ones too, the newest first."""
    return editions.newest_first(as_published(document, edition) for edition in document.editions)


def edition_file(
    session: Session, slug: str, language: str, version: str, file_name: str
) -> PublishedEdition:
    """The edition at this address, in whichever composition its name was typed, withdrawn or not.

    Raises UnknownDocumentError or UnknownEditionError.
    """
    address = (language, version, unicodedata.normalize("NFC", file_name))
    for found in ever_published(get(session, slug)):
        if (found.language, found.version, found.file_name) == address:
            return found
    raise UnknownEditionError(slug=slug, version=shown(version), language=shown(language))


def latest(session: Session, slug: str, language: str) -> PublishedEdition | None:
    """The newest edition in exactly this language, or None; raises UnknownDocumentError."""
    return editions.latest(published(get(session, slug)), language)


def editions_fitting(
    session: Session, product_id: int, firmware_version: str | None, language: str
) -> list[EditionOffer]:
    """One edition of each of a product's documents, for that firmware and that reader.

    Where none fits, the latest is offered with `fits` False; where the reader's language is
    missing, `in_asked_language` is False. Raises BadVersionError.
    """
    firmware = Version.parse(firmware_version) if firmware_version else None
    query = select(Document).where(Document.products.any(Product.id == product_id))
    offers = [
        editions.offer(published(document), firmware, language)
        for document in session.scalars(query)
    ]
    found = [offered for offered in offers if offered is not None]
    return sorted(found, key=lambda o: (o.edition.kind.place, o.edition.title.casefold()))


def documents_index(session: Session) -> list[DocumentEntry]:
    """All editions that are offered of all documents, by slug, the newest first."""
    return [_entry(document, found) for document in every(session) for found in published(document)]


def searched(document: Document) -> str:
    """What a search for documents looks in, folded: nothing when no edition is offered."""
    titles = {edition.title for edition in document.editions if edition.withdrawn_at is None}
    if not titles:
        return ""
    titles |= {document.slug, document.title_ru, document.title_en}
    return folded("\n".join(sorted(filter(None, titles))))


def about(document: Document, edition: PublishedEdition) -> dict[str, object]:
    """What the signed list says of an edition beside its file: all that a mirror shows."""
    return {
        "kind": str(edition.kind),
        "title": edition.title,
        "products": list(document.product_codes),
        "applies_from": edition.applies_from,
        "applies_to": edition.applies_to,
        "published": edition.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def as_published(document: Document, row: Edition) -> PublishedEdition:
    """An edition's row as the outside sees it."""
    return PublishedEdition(
        slug=document.slug,
        kind=Kind(document.kind),
        title=row.title,
        language=Language(row.language),
        version=row.version,
        file_name=row.file_name,
        size=row.size,
        sha256=row.sha256,
        content_type=row.content_type,
        applies_from=row.applies_from,
        applies_to=row.applies_to,
        published_at=row.published_at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_reason=row.withdrawn_reason or "",
    )


def _entry(document: Document, found: PublishedEdition) -> DocumentEntry:
    return DocumentEntry(
        slug=found.slug,
        lang=found.language,
        version=found.version,
        url=found.url,
        file=found.file_name,
        size=found.size,
        sha256=found.sha256,
        kind=found.kind,
        title=found.title,
        products=document.product_codes,
        applies_from=found.applies_from,
        applies_to=found.applies_to,
        published_at=found.published_at,
        latest=found == editions.latest(published(document), found.language),
    )
