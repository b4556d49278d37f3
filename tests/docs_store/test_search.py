import pytest

from docs_store import search
from docs_store.models import Document
from docs_store.search import DocumentQuery
from storage.db import Database
from tests.docs_store.manual import Publish


@pytest.fixture
def library(publish: Publish, database: Database) -> Database:
    publish(title="Телефон Б2. Руководство по настройке счётчиков")
    publish(language="en", title="Phone B2 manual")
    publish(slug="b2-quick", kind="quick_start", title="Начало работы")
    publish(slug="mib", kind="mib", title="FLATPRO-PHONE-MIB", language="en", products=("FP-C1",))
    return database


def slugs(database: Database, **said: str) -> list[str]:
    with database.reading() as session:
        return [found.slug for found in search.search(session, DocumentQuery(**said))]


EXPECTED = {
    "": ["b2-manual", "b2-quick", "mib"],
    "руководство": ["b2-manual", "b2-quick"],
    "СЧЕТЧИКОВ": ["b2-manual"],
    "счётчиков": ["b2-manual"],
    "phone manual": ["b2-manual"],
    "manual PHONE": ["b2-manual"],
    "конференц": ["mib"],
    "fp-b2": ["b2-manual", "b2-quick"],
    "quick": ["b2-quick"],
    "краткое": ["b2-quick"],
    "руководство mib": [],
    "100%": [],
    "\0 'x' \"y\"": [],
}


def test_all_words_must_occur_in_any_order_case_and_language(library: Database) -> None:
    assert {text: slugs(library, text=text) for text in EXPECTED} == EXPECTED


def test_product_and_kind_narrow_the_list(library: Database) -> None:
    assert slugs(library, product="FP-C1") == ["mib"]
    assert slugs(library, kind="quick_start") == ["b2-quick"]
    assert slugs(library, product="FP-C1", kind="quick_start") == []
    assert slugs(library, product="\0", kind="poem") == []


def test_found_document_shows_the_edition_for_its_reader(library: Database) -> None:
    with library.reading() as session:
        manual, quick, _mib = search.search(session, DocumentQuery(language="en"))
    assert (manual.title, manual.languages, manual.edition_count) == (
        "Phone B2 manual",
        ("ru", "en"),
        2,
    )
    assert manual.offer.edition.language == "en"
    assert [(p.code, p.name) for p in manual.products] == [("FP-B2", "Phone B2")]
    assert (quick.title, quick.offer.in_asked_language) == ("Начало работы", False)


def test_document_without_editions_is_in_no_list(library: Database) -> None:
    with library.writing() as session:
        session.add(Document(slug="empty", kind="manual"))
    assert "empty" not in slugs(library)
