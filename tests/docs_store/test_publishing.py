import io
import unicodedata
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper

from accounts.models import AuditEntry
from catalogue import keys
from catalogue.products import UnknownProductError
from catalogue.targets import Target
from docs_store import library, publishing
from docs_store.kinds import UnknownKindError
from docs_store.models import Document, Edition
from docs_store.naming import BadFileNameError, BadSlugError
from docs_store.publishing import (
    EditionExistsError,
    KindDiffersError,
    NewEdition,
    ProductNeededError,
    PublishedMeanwhileError,
    UploadOptions,
)
from storage.blob_keeping.blob_models import Blob, BlobUse
from storage.blobs import StoredBlob, TooLargeError
from storage.db import Database
from storage.installation import Installation
from storage.refusals import RefusedError
from tests.docs_store.manual import MANUAL, NOW, PDF, Publish

NFD_NAME = unicodedata.normalize("NFD", "Руководство й.pdf")


def rows(database: Database, table: type) -> list[object]:
    with database.reading() as session:
        return list(session.scalars(select(table)))


def everything(database: Database) -> dict[str, int]:
    tables = (Document, Edition, Target, Blob, BlobUse, AuditEntry)
    return {table.__name__: len(rows(database, table)) for table in tables}


def test_published_edition_is_found_with_all_that_was_said(
    publish: Publish, database: Database
) -> None:
    made = publish(applies_from="2.3", applies_to="2.4")
    with database.reading() as session:
        found = library.edition_file(session, "b2-manual", "ru", "1.0", "Руководство Б2.pdf")
        document = library.get(session, "b2-manual")
    assert found == made
    assert (found.title, found.kind, found.size) == ("Руководство Б2", "manual", len(PDF))
    assert (found.applies_from, found.applies_to) == ("2.3", "2.4")
    assert found.content_type == "application/pdf"
    assert found.published_at == NOW
    assert document.product_codes == ("FP-B2",)


def test_bytes_are_kept_by_the_edition_and_named_for_mirrors(
    publish: Publish, database: Database
) -> None:
    made = publish()
    with database.reading() as session:
        use = session.scalars(select(BlobUse)).one()
        target = session.scalars(select(Target)).one()
    assert (use.owner, use.sha256) == ("docs_store.document:b2-manual/ru/1.0", made.sha256)
    assert (target.path, target.sha256, target.size) == (made.path, made.sha256, made.size)


def test_who_published_is_in_the_audit_trail(publish: Publish, database: Database) -> None:
    made = publish()
    with database.reading() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.subject.startswith("document:"))
        ).all()
    assert [(e.actor, e.action, e.subject) for e in entries] == [
        ("Anna", "document.products", "document:b2-manual"),
        ("Anna", "document.publish", "document:b2-manual/ru/1.0"),
    ]
    assert entries[1].details == {"sha256": made.sha256, "size": made.size}


def test_same_edition_again_succeeds_and_changes_nothing(
    publish: Publish, database: Database
) -> None:
    first = publish()
    before = everything(database)
    assert publish(at=NOW + timedelta(days=1)) == first
    assert everything(database) == before


DIFFERENCES: dict[str, dict[str, object]] = {
    "the bytes of the file": {"content": PDF + b"2"},
    "the title": {"title": "Другое"},
    "the file name": {"file_name": "Другое.pdf"},
    "the first firmware": {"applies_from": "2.0"},
    "the last firmware": {"applies_to": "2.0"},
}


def test_published_number_never_gets_other_bytes_or_words(
    publish: Publish, database: Database
) -> None:
    publish()
    before = everything(database)
    for named, said in DIFFERENCES.items():
        with pytest.raises(EditionExistsError, match=named) as refusal:
            publish(**said)
        assert "отличается" in refusal.value.text("ru")
        assert everything(database) == before


def test_next_editions_and_languages_join_the_document(
    publish: Publish, database: Database
) -> None:
    publish()
    publish(version="1.1", products=())
    publish(language="en", title="B2 manual", products=())
    with database.reading() as session:
        found = library.published(library.get(session, "b2-manual"))
    assert [(e.version, e.language) for e in found] == [("1.1", "ru"), ("1.0", "ru"), ("1.0", "en")]


def test_newest_edition_of_a_language_names_the_document(
    publish: Publish, database: Database
) -> None:
    publish(version="2.0", title="Второе")
    publish(version="1.0", title="Первое")
    publish(version="1.0", language="en", title="First")
    with database.reading() as session:
        document = library.get(session, "b2-manual")
    assert (document.title("ru"), document.title("en")) == ("Второе", "First")


def test_title_falls_back_to_the_other_language(publish: Publish, database: Database) -> None:
    publish()
    with database.reading() as session:
        assert library.get(session, "b2-manual").title("en") == "Руководство Б2"


def test_products_are_added_and_never_taken_away(publish: Publish, database: Database) -> None:
    publish()
    publish(products=("FP-C1",))
    with database.reading() as session:
        assert library.get(session, "b2-manual").product_codes == ("FP-B2", "FP-C1")
        assert len(library.get(session, "b2-manual").editions) == 1


def test_name_from_a_mac_is_published_composed(publish: Publish) -> None:
    assert publish(file_name=NFD_NAME).file_name == "Руководство й.pdf"


REFUSED: list[tuple[dict[str, object], type[RefusedError]]] = [
    ({"slug": "search"}, BadSlugError),
    ({"kind": "poem"}, UnknownKindError),
    ({"products": ()}, ProductNeededError),
    ({"products": ("FP-B2", "FP-X9")}, UnknownProductError),
    ({"products": ("FP-B2", "\0")}, UnknownProductError),
    ({"file_name": "../a.pdf"}, BadFileNameError),
]


def test_refused_edition_changes_nothing(publish: Publish, database: Database) -> None:
    before = everything(database)
    for said, refusal in REFUSED:
        with pytest.raises(refusal):
            publish(**said)
        assert everything(database) == before


def test_document_keeps_its_kind(publish: Publish) -> None:
    publish()
    with pytest.raises(KindDiffersError, match="manual"):
        publish(version="1.1", kind="datasheet")


def test_everything_wrong_is_said_at_once(database: Database) -> None:
    new = NewEdition(
        slug="B2",
        kind="poem",
        language="de",
        version="latest",
        title="",
        file_name="",
        applies_from="new",
    )
    with database.reading() as session:
        fields = [refusal.field for refusal in publishing.problems(session, new)]
    assert fields == [
        "slug",
        "kind",
        "product",
        "language",
        "version",
        "title",
        "applies_from",
        "file",
    ]


def test_file_above_the_limit_is_refused(installation: Installation) -> None:
    with pytest.raises(TooLargeError):
        publishing.store_file(
            installation.blobs, io.BytesIO(b"x" * 101), "a.txt", UploadOptions(max_bytes=100)
        )


def test_second_of_two_publishers_at_once_is_told(
    installation: Installation, store: Callable[[bytes, str], StoredBlob]
) -> None:
    def rival(_mapper: Mapper[Document], connection: Connection, made: Document) -> None:
        # A document of the same slug is committed between our look and our insert.
        connection.execute(Document.__table__.insert().values(slug=made.slug, kind="manual"))

    event.listen(Document, "before_insert", rival)
    try:
        with pytest.raises(PublishedMeanwhileError), installation.database.writing() as session:
            publishing.publish(
                session,
                NewEdition(**MANUAL),
                store(PDF, "a.pdf"),
                keys.of(installation),
                actor="Anna",
                now=NOW,
            )
    finally:
        event.remove(Document, "before_insert", rival)
    assert rows(installation.database, Document) == []


def test_published_at_and_by_are_kept(publish: Publish, database: Database) -> None:
    publish()
    with database.reading() as session:
        row = session.scalars(select(Edition)).one()
    assert (row.published_by, row.published_at) == ("Anna", NOW)


def test_stored_edition_always_has_its_blob(publish: Publish, database: Database) -> None:
    publish()
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(update(Edition).values(sha256="f" * 64))
