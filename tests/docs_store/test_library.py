import pytest

from catalogue import products
from catalogue.versions import BadVersionError
from docs_store import library
from docs_store.editions import EditionOffer
from docs_store.library import UnknownDocumentError, UnknownEditionError
from storage.db import Database
from tests.docs_store.manual import NOW, Publish


def fitting(database: Database, firmware: str | None, language: str = "ru") -> list[EditionOffer]:
    with database.reading() as session:
        product = products.get(session, "FP-B2")
        return library.editions_fitting(session, product.id, firmware, language)


def test_unknown_document_is_not_found_whatever_was_asked(database: Database) -> None:
    with database.reading() as session:
        for slug in ("none", "", "search", "\0", "Б2", "a" * 999):
            assert library.find(session, slug) is None
            with pytest.raises(UnknownDocumentError):
                library.get(session, slug)


def test_file_is_found_only_at_its_whole_address(publish: Publish, database: Database) -> None:
    made = publish(file_name="Ёлка й.pdf")
    with database.reading() as session:
        found = library.edition_file(session, "b2-manual", "ru", "1.0", "Е\u0308лка и\u0306.pdf")
        assert found == made
        for wrong in (
            ("en", "1.0", "Ёлка й.pdf"),
            ("ru", "1", "Ёлка й.pdf"),
            ("ru", "1.0", "а.pdf"),
        ):
            with pytest.raises(UnknownEditionError):
                library.edition_file(session, "b2-manual", *wrong)


def test_product_gets_one_edition_of_each_document(publish: Publish, database: Database) -> None:
    publish(slug="quick", kind="quick_start", title="Быстрый старт")
    publish(version="1.0", applies_to="2.3")
    publish(version="2.0", applies_from="2.4")
    publish(slug="other", products=("FP-C1",))
    offers = fitting(database, "2.3")
    assert [(o.edition.slug, o.edition.version, o.fits) for o in offers] == [
        ("b2-manual", "1.0", True),
        ("quick", "1.0", True),
    ]


def test_edition_for_other_firmware_is_offered_as_such(
    publish: Publish, database: Database
) -> None:
    publish(applies_to="2.3")
    (offer,) = fitting(database, "2.4", "en")
    assert (offer.fits, offer.in_asked_language) == (False, False)
    (offer,) = fitting(database, None)
    assert (offer.fits, offer.in_asked_language) == (None, True)


def test_firmware_that_is_no_version_is_refused(database: Database) -> None:
    with pytest.raises(BadVersionError):
        fitting(database, "newest")


def test_latest_edition_is_of_exactly_this_language(publish: Publish, database: Database) -> None:
    publish(version="1.9")
    newest = publish(version="1.10")
    publish(version="1.2")
    with database.reading() as session:
        assert library.latest(session, "b2-manual", "ru") == newest
        assert library.latest(session, "b2-manual", "en") is None


def test_index_names_every_edition_and_marks_the_latest(
    publish: Publish, database: Database
) -> None:
    made = publish(applies_from="2.0")
    publish(version="1.1")
    publish(language="en", title="B2 manual")
    with database.reading() as session:
        entries = library.documents_index(session)
    assert [(e.lang, e.version, e.latest) for e in entries] == [
        ("ru", "1.1", True),
        ("ru", "1.0", False),
        ("en", "1.0", True),
    ]
    assert entries[1].as_json() == {
        "slug": "b2-manual",
        "lang": "ru",
        "version": "1.0",
        "url": made.url,
        "file": "Руководство Б2.pdf",
        "size": made.size,
        "sha256": made.sha256,
        "kind": "manual",
        "title": "Руководство Б2",
        "products": ("FP-B2",),
        "applies_from": "2.0",
        "applies_to": None,
        "published_at": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "latest": False,
    }
