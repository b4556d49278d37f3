"""What a mirror does with the documents of its upstream: the rows that its pages and search show.

All that is said of an edition stands in the signed list beside its file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.models import Product
from catalogue.receivers import Delivery, HeldTarget, ListsContradictError
from docs_store import content, editions, library, naming, reading
from docs_store.kinds import Kind
from docs_store.models import Document, Edition
from docs_store.naming import Language
from storage.blob_keeping import blob_models
from storage.blobs import StoredBlob
from storage.refusals import RefusedError

ACTOR = "mirror"
GONE = "Больше не раздаётся источником. · The upstream no longer offers it."


@dataclass(frozen=True)
class _About:
    """What a list says of an edition; what older lists leave out is told openly."""

    kind: Kind = Kind.OTHER
    title: Annotated[str, Field(max_length=400)] = ""
    products: tuple[str, ...] = ()
    applies_from: Annotated[str, Field(max_length=16)] | None = None
    applies_to: Annotated[str, Field(max_length=16)] | None = None
    published: datetime | None = None


_ABOUT = TypeAdapter(_About)


class DocumentReceiver:
    """The part of a mirror below `docs/`."""

    prefix = "docs/"
    kind = "docs"

    def lists(self, product: str) -> Sequence[str]:  # noqa: ARG002 - documents have no such list
        """None: the lists of TUF say it all."""
        return ()

    def check(self, given: Delivery, now: datetime) -> None:  # noqa: ARG002 - nothing here expires
        """Raise ListsContradictError for an edition of which no sense can be made."""
        for target in given.targets:
            _about(target)

    def receive(self, session: Session, given: Delivery, now: datetime) -> None:
        """Make the editions what the lists say; what they name no more is withdrawn."""
        known = {product.code: product for product in session.scalars(select(Product))}
        kept = set()
        for target in given.targets:
            document, edition = _edition(session, target, known, now)
            kept.add(edition.id)
            _name(document)
        for document in library.every(session):
            for edition in document.editions:
                if edition.id not in kept and edition.withdrawn_at is None:
                    edition.withdrawn_at, edition.withdrawn_reason = now, GONE
            _name(document)
        session.flush()


def _edition(
    session: Session, target: HeldTarget, known: dict[str, Product], now: datetime
) -> tuple[Document, Edition]:
    _docs, slug, language, version, name = target.path.split("/")
    about = _about(target)
    document = library.find(session, slug)
    if document is None:
        document = Document(slug=slug, kind=about.kind)
        session.add(document)
    for code in about.products:
        if code in known and known[code] not in document.products:
            document.products.append(known[code])
    edition = next(
        (e for e in document.editions if (e.language, e.version) == (language, version)), None
    )
    if edition is None:
        edition = Edition(
            language=Language(language),
            version=version,
            published_by=ACTOR,
            title=about.title or name,
            file_name=name,
            sha256=target.sha256,
            size=target.size,
            content_type=content.media_type(name),
            applies_from=about.applies_from,
            applies_to=about.applies_to,
            published_at=(about.published or now).astimezone(UTC),
        )
        owner = f"docs_store.document:{slug}/{language}/{version}"
        blob_models.record(session, StoredBlob(target.sha256, target.size), owner, now)
        document.editions.append(edition)
        session.flush()
        reading.submit(session, edition.id, ACTOR, now)
    edition.withdrawn_at = edition.withdrawn_reason = None
    return document, edition


def _name(document: Document) -> None:
    """The newest editions name their document."""
    offered = library.published(document)
    for language in Language:
        newest = editions.latest(offered, language)
        if newest is not None:
            document.set_title(language, newest.title)
    document.searched = library.searched(document)


def _about(target: HeldTarget) -> _About:
    parts = target.path.split("/")
    if len(parts) != 5 or parts[2] not in set(Language):
        raise ListsContradictError(path=target.path, reason="no edition is called so")
    try:
        naming.check_slug(parts[1])
        naming.check_version(parts[3])
        if naming.clean_file_name(parts[4]) != parts[4]:
            raise naming.BadFileNameError(text=naming.shown(parts[4]))
        about = _ABOUT.validate_python(dict(target.about))
        editions.FirmwareRange.parse(about.applies_from, about.applies_to)
    except (ValidationError, RefusedError) as error:
        reason = "what is said of it makes no sense"
        raise ListsContradictError(path=target.path, reason=reason) from error
    return about
