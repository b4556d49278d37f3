from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docs_store import passages
from docs_store.passages import FoundText
from docs_store.search import DocumentQuery
from storage.db import Database
from tests.docs_store.manual import Publish
from tests.docs_store.pdf import pdf

RUSSIAN = [
    "Содержание",
    "Телефон сам находит сервер и загружает прошивку версии 2.4.1.",
    "Сброс настроек: удерживайте кнопку. Счётчик звонков обнулится.",
    "Прошивки бывают разные. Обновление прошивок идёт ночью.",
]
ENGLISH = ["Contents", "The phone updates its firmware at night.", "Reset: hold the button."]


@pytest.fixture
def library(publish: Publish, database: Database, work_off: Callable[[], int]) -> Database:
    publish(pdf(RUSSIAN))
    publish(pdf(ENGLISH), language="en", title="B2 manual")
    publish(pdf(["Прошивка конференц-телефона"]), slug="c1", products=("FP-C1",), title="Ц1")
    publish(
        b"FLATPRO-PHONE-MIB DEFINITIONS\n-- firmware version 2.4.1",
        slug="mib",
        kind="mib",
        language="en",
        title="MIB",
        file_name="FLATPRO.mib",
    )
    assert work_off() == 4
    return database


def find(database: Database, text: str, **said: str) -> list[FoundText]:
    with database.reading() as session:
        return passages.find(session, DocumentQuery(text, **said))


def places(database: Database, text: str, **said: str) -> dict[str, list[int | None]]:
    found = find(database, text, **said)
    return {
        f"{item.slug}/{item.offer.edition.language}": sorted(
            (passage.page for passage in item.passages), key=lambda page: page or 0
        )
        for item in found
    }


EXPECTED: dict[str, dict[str, list[int | None]]] = {
    "прошивка": {"b2-manual/ru": [2, 4], "c1/ru": [1]},
    "ПРОШИВКАМИ": {"b2-manual/ru": [2, 4], "c1/ru": [1]},
    "обновления прошивки": {"b2-manual/ru": [4]},
    "счетчики": {"b2-manual/ru": [3]},
    "как сбросить настройку": {"b2-manual/ru": [3]},
    "как сбросить настройку телефона": {},
    "сброс настройки": {"b2-manual/ru": [3]},
    "updating phones": {"b2-manual/en": [2]},
    "2.4.1": {"b2-manual/ru": [2], "mib/en": [None]},
    "4.2.1": {},
    "mib": {"mib/en": [None]},
    "прошивка phones": {},
    "и в на": {},
    "": {},
}


def test_words_are_found_in_any_form_with_their_pages_on_both_databases(
    library: Database,
) -> None:
    assert {text: places(library, text) for text in EXPECTED} == EXPECTED


def test_passage_shows_the_words_marked_and_opens_at_its_page(library: Database) -> None:
    (found,) = find(library, "кнопка сброса")
    (passage,) = found.passages
    assert [piece.text for piece in passage.pieces if piece.marked] == ["Сброс", "кнопку"]
    assert passage.url == f"{found.offer.edition.url}#page=3"
    assert found.title == "Руководство Б2"


def test_page_that_speaks_of_it_most_comes_first(library: Database) -> None:
    found = find(library, "прошивки", product="FP-B2")
    assert [passage.page for passage in found[0].passages] == [4, 2]


def test_product_and_kind_narrow_the_texts(library: Database) -> None:
    assert places(library, "прошивка", product="FP-C1") == {"c1/ru": [1]}
    assert places(library, "2.4.1", kind="mib") == {"mib/en": [None]}
    assert places(library, "2.4.1", kind="\0", product="\0") == {}


def test_reader_gets_the_edition_of_their_language_and_hears_of_another(
    publish: Publish, library: Database, work_off: Callable[[], int]
) -> None:
    publish(pdf(["VLAN"]), slug="vlan", title="Сеть")
    publish(pdf(["VLAN"]), slug="vlan", language="en", title="Network")
    publish(pdf(["SIP"]), slug="sip", title="Связь")
    work_off()
    (vlan,) = find(library, "vlan", language="en")
    (sip,) = find(library, "sip", language="en")
    assert (vlan.title, vlan.offer.in_asked_language) == ("Network", True)
    assert (sip.title, sip.offer.in_asked_language) == ("Связь", False)


def test_many_pages_are_counted_and_few_shown(
    publish: Publish, library: Database, work_off: Callable[[], int]
) -> None:
    publish(pdf(["Гарантия"] * 9), slug="long")
    work_off()
    (found,) = find(library, "гарантии")
    assert (len(found.passages), found.more) == (3, 6)


def test_any_query_is_answered(library: Database) -> None:
    signs = (
        '"',
        "'",
        "*",
        "AND",
        "NEAR(a b)",
        "a OR",
        "-",
        "col:a",
        "\0",
        "\ud800",
        "2.",
        ":*",
        "!",
    )
    for text in signs:
        find(library, text)
        find(library, f"прошивка {text} {text}")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=300))
def test_any_text_at_all_is_answered(library: Database, text: str) -> None:
    find(library, text, product=text[:20])


_SLUGS = count()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(min_size=1, max_size=400))
def test_any_text_can_be_indexed_and_is_found_again(
    library: Database, publish: Publish, work_off: Callable[[], int], text: str
) -> None:
    slug = f"any-{next(_SLUGS)}"
    content = f"{slug} заклинание {text}".encode(errors="surrogatepass")
    publish(content, slug=slug, kind="other", file_name="a.txt")
    work_off()
    assert slug in [found.slug for found in find(library, f"заклинания {slug}")]
