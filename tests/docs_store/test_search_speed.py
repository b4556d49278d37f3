"""How long a search takes with 20,000 documents of a page each, on both databases."""

import random
import re
import sys
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, text

from docs_store import passages, search
from docs_store.models import Document, Edition, EditionPage, EditionText, document_product
from docs_store.search import DocumentQuery
from docs_store.words import folded, stems
from storage.blob_keeping.blob_models import Blob
from storage.db import Database
from tests.docs_store.manual import NOW

COUNT = 20_000
MAX_MS = 50
ROUNDS = 7
WORDS = re.findall(
    r"\w+",
    """телефон прошивка сервер настройка кнопка линия вызов сеть питание экран трубка абонент номер
    меню режим громкость пароль адрес журнал запись версия обновление сброс подключение кабель
    phone network server display button volume version update power account""",
)
QUERIES = (
    "прошивка",
    "сброс настроек",
    "телефоны сервера",
    "2.4.17",
    "updates",
    "нигде",
    "Том 199",
)

pytestmark = pytest.mark.prove


def page(number: int, chance: random.Random) -> str:
    rare = [f"слово{chance.randrange(5000)}" for _ in range(60)]
    words = [*chance.choices(WORDS, k=190), *rare, f"2.4.{number % 100}"]
    chance.shuffle(words)
    return " ".join(words)


@pytest.fixture
def large(database: Database) -> Database:
    chance = random.Random(20_000)
    pages = [page(number, chance) for number in range(COUNT)]
    with database.writing() as session:
        session.execute(insert(Blob), [{"sha256": "a" * 64, "size": 1, "stored_at": NOW}])
        numbers = range(1, COUNT + 1)
        session.execute(insert(Document), [_document(number) for number in numbers])
        session.execute(
            insert(document_product), [{"document_id": n, "product_id": 1 + n % 2} for n in numbers]
        )
        session.execute(insert(Edition), [_edition(number) for number in numbers])
        session.execute(
            insert(EditionText), [{"edition_id": n, "problem": "", "read_at": NOW} for n in numbers]
        )
        session.execute(
            insert(EditionPage),
            [
                {"edition_id": n, "number": 1, "text": found, "stems": stems(found)}
                for n, found in zip(numbers, pages, strict=True)
            ],
        )
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    return database


def _document(number: int) -> dict[str, object]:
    title = f"Руководство. Том {number}"
    slug = f"volume-{number}"
    return {
        "id": number,
        "slug": slug,
        "kind": "manual",
        "title_ru": title,
        "title_en": "",
        "searched": folded(f"{slug}\n{title}"),
    }


def _edition(number: int) -> dict[str, object]:
    return {
        "id": number,
        "document_id": number,
        "language": "ru",
        "version": "1.0",
        "title": f"Руководство. Том {number}",
        "file_name": f"{number}.pdf",
        "sha256": "a" * 64,
        "size": 1,
        "content_type": "application/pdf",
        "published_at": NOW,
        "published_by": "Anna",
    }


def best_ms(work: Callable[[], object]) -> float:
    """The best of some rounds: what the machine does besides is not what is measured."""
    work()
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return min(times)


@pytest.mark.timeout(600)
def test_search_among_20_000_documents_takes_50_ms_at_most(
    large: Database, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    def looked_up(query: str) -> None:
        asked = DocumentQuery(query)
        with large.reading() as session:
            search.listed(session, asked, 1)
            passages.find(session, asked)

    figures = {query: best_ms(lambda query=query: looked_up(query)) for query in QUERIES}
    everything = best_ms(lambda: looked_up(""))
    page_ms = best_ms(lambda: client.get("/docs/search?q=прошивка"))
    with large.reading() as session:
        pages = session.scalar(select(func.count(EditionPage.id)))
    with capsys.disabled():
        # The figures are what the proof is for.
        sys.stdout.write(
            f"\nsearch among {pages} pages on {large.url.get_backend_name()}, best of 7 in ms:\n"
        )
        rounded = {query: round(ms, 1) for query, ms in figures.items()}
        sys.stdout.write(f"{rounded}, all: {everything:.1f}, page «прошивка»: {page_ms:.1f}\n")
    assert max(figures.values()) <= MAX_MS
    assert everything <= MAX_MS
