"""Publishing an edition: the bytes are durable first, then all rows and the audit entry at once.

The same edition again is a success that changes nothing; another file or other words under the
number of a published edition are refused: people have cited it.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products, repository, targets
from catalogue.keys import KeyRing
from docs_store import content, editions, kinds, library, naming, reading
from docs_store.editions import FirmwareRange, PublishedEdition
from docs_store.kinds import Kind
from docs_store.models import Document, Edition
from docs_store.naming import Language
from storage.blob_keeping import blob_models
from storage.blobs import BlobStore, Readable, StoredBlob
from storage.refusals import ConflictError, RefusedError


class ProductNeededError(RefusedError):
    code = "document-product-needed"
    field = "product"
    ru = "Укажите хотя бы одно изделие, о котором документ."
    en = "Name at least one product that the document is about."


class KindDiffersError(ConflictError):
    code = "document-kind-differs"
    field = "kind"
    ru = "Документ «{slug}» уже есть, и его вид — {kind}."
    en = "The document “{slug}” already exists, and its kind is {kind}."


class EditionExistsError(ConflictError):
    code = "edition-exists"
    field = "version"
    ru = (
        "Издание {version} ({language}) документа «{slug}» уже опубликовано и отличается: "
        "{differs_ru}. Дайте новому изданию следующий номер."
    )
    en = (
        "The edition {version} ({language}) of “{slug}” is already published and differs in: "
        "{differs_en}. Give the new edition the next number."
    )


class EditionWithdrawnError(ConflictError):
    code = "edition-withdrawn"
    field = "version"
    ru = "Издание {version} ({language}) отозвано. Дайте новому изданию следующий номер."
    en = "The edition {version} ({language}) was withdrawn. Give the new edition the next number."


class PublishedMeanwhileError(ConflictError):
    code = "edition-published-meanwhile"
    ru = "Это же издание только что опубликовал кто-то другой. Отправьте ещё раз."
    en = "Somebody else published this very edition just now. Send it again."


_WORDS = {
    "sha256": ("содержимое файла", "the bytes of the file"),
    "file_name": ("имя файла", "the file name"),
    "title": ("название", "the title"),
    "applies_from": ("начальная версия прошивки", "the first firmware"),
    "applies_to": ("последняя версия прошивки", "the last firmware"),
}


@dataclass(frozen=True)
class UploadOptions:
    """How large a document's file may be, in bytes."""

    max_bytes: int = 512 * 1024**2


@dataclass(frozen=True)
class NewEdition:
    """What a publisher says of an edition; `products` may be empty for a document that exists."""

    slug: str
    kind: str
    language: str
    version: str
    title: str
    file_name: str
    products: Sequence[str] = ()
    applies_from: str | None = None
    applies_to: str | None = None


def problems(session: Session, new: NewEdition) -> list[RefusedError]:
    """All that is wrong with what was said, before any byte is looked at; empty when nothing is."""
    checks: tuple[Callable[[], object], ...] = (
        partial(naming.check_slug, new.slug),
        partial(kinds.parse_kind, new.kind),
        partial(_check_document, session, new),
        partial(naming.parse_language, new.language),
        partial(naming.check_version, new.version),
        partial(naming.clean_title, new.title),
        partial(FirmwareRange.parse, new.applies_from, new.applies_to),
        partial(naming.clean_file_name, new.file_name),
        partial(_check_products, session, new.products),
    )
    return [refusal for check in checks if (refusal := _refusal(check)) is not None]


def check(session: Session, new: NewEdition) -> None:
    """Raise the first of `problems`."""
    for refusal in problems(session, new):
        raise refusal


def store_file(
    blobs: BlobStore, stream: Readable, file_name: str, options: UploadOptions
) -> StoredBlob:
    """Store an edition's bytes; raises EmptyFileError, NotPdfError or what the store raises."""
    return blobs.put(content.CheckedStream(stream, file_name), limit=options.max_bytes)


def publish(
    session: Session, new: NewEdition, blob: StoredBlob, keys: KeyRing, *, actor: str, now: datetime
) -> PublishedEdition:
    """List an edition whose bytes are stored, making its document if it is the first.

    Its text is read by a job of this transaction. Raises what `check` raises, EditionExistsError,
    EditionWithdrawnError and PublishedMeanwhileError.
    """
    check(session, new)
    document = library.find(session, new.slug) or Document(slug=new.slug, kind=Kind(new.kind))
    made = _edition(new, blob, actor, now)
    _add_products(session, document, new.products, actor, now)
    stored = next((e for e in document.editions if _number(e) == _number(made)), None)
    if stored is not None:
        _check_same(document, stored, made)
        if stored.withdrawn_at is not None:
            raise EditionWithdrawnError(version=stored.version, language=stored.language)
        return library.as_published(document, stored)
    with _one_of_two():
        _list(session, document, made, blob)
    listed = library.as_published(document, made)
    reading.submit(session, made.id, actor, now)
    audit.record(
        session, actor, "document.publish", subject(listed), now, sha256=blob.sha256, size=blob.size
    )
    repository.publish(session, keys, [listed.path], now)
    return listed


def subject(edition: PublishedEdition) -> str:
    """How the audit trail names an edition."""
    return f"document:{edition.slug}/{edition.language}/{edition.version}"


def _edition(new: NewEdition, blob: StoredBlob, actor: str, now: datetime) -> Edition:
    name = naming.clean_file_name(new.file_name)
    return Edition(
        language=Language(new.language),
        version=new.version,
        title=naming.clean_title(new.title),
        file_name=name,
        sha256=blob.sha256,
        size=blob.size,
        content_type=content.media_type(name),
        applies_from=new.applies_from or None,
        applies_to=new.applies_to or None,
        published_at=now,
        published_by=actor,
    )


def _list(session: Session, document: Document, made: Edition, blob: StoredBlob) -> None:
    """Add the rows that show the edition to people and to mirrors, and keep its bytes."""
    document.editions.append(made)
    listed = library.as_published(document, made)
    if editions.latest(library.published(document), made.language) == listed:
        document.set_title(made.language, made.title)
    document.searched = library.searched(document)
    with session.no_autoflush:
        blob_models.record(session, blob, f"docs_store.{subject(listed)}", made.published_at)
        targets.register(
            session, listed.path, blob, made.published_at, library.about(document, listed)
        )
    session.add(document)
    session.flush()


def _add_products(
    session: Session, document: Document, codes: Sequence[str], actor: str, now: datetime
) -> None:
    """Say of which products the document is too; none is ever taken away here."""
    added = sorted(set(codes) - set(document.product_codes))
    if added:
        document.products.extend(products.get(session, code) for code in added)
        audit.record(
            session, actor, "document.products", f"document:{document.slug}", now, added=added
        )


def _check_document(session: Session, new: NewEdition) -> None:
    """A document keeps its kind, and a new one is about some product."""
    document = library.find(session, new.slug)
    if document is None:
        if not new.products:
            raise ProductNeededError
    elif document.kind != new.kind:
        raise KindDiffersError(slug=document.slug, kind=document.kind)


def _check_products(session: Session, codes: Sequence[str]) -> None:
    known = {product.code for product in products.every(session)}
    for code in codes:
        if code not in known:
            raise products.UnknownProductError(code=naming.shown(code))


def _check_same(document: Document, stored: Edition, made: Edition) -> None:
    """Refuse to say something else under a published number."""
    names = [
        words for name, words in _WORDS.items() if getattr(stored, name) != getattr(made, name)
    ]
    if names:
        raise EditionExistsError(
            slug=document.slug,
            language=stored.language,
            version=stored.version,
            differs_ru=", ".join(russian for russian, _ in names),
            differs_en=", ".join(english for _, english in names),
        )


def _number(edition: Edition) -> tuple[str, str]:
    return edition.language, edition.version


def _refusal(check: Callable[[], object]) -> RefusedError | None:
    try:
        check()
    except RefusedError as refusal:
        return refusal
    return None


@contextlib.contextmanager
def _one_of_two() -> Iterator[None]:
    """PostgreSQL lets two publishers get this far at once; the second one is told."""
    try:
        yield
    except IntegrityError as error:
        raise PublishedMeanwhileError from error
