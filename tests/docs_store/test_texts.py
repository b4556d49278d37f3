import io
from pathlib import Path

import pytest

from docs_store import texts
from docs_store.content import PDF
from docs_store.texts import FileText, TextOptions
from tests.docs_store.pdf import bomb, pdf

DOCUMENTS = Path(__file__).parents[2] / "portal" / "demo" / "documents"


def read(content: bytes, kind: str = PDF, **limits: int) -> FileText:
    return texts.read(io.BytesIO(content), kind, TextOptions(**limits))


def test_every_page_of_a_russian_manual_is_read_with_a_picture_of_the_first() -> None:
    found = read((DOCUMENTS / "Руководство пользователя Flat Phone B2.pdf").read_bytes())
    assert (found.page_count, len(found.texts), found.problem) == (5, 5, "")
    assert "Издание 2.4, для прошивки 2.4 и новее" in found.texts[0]
    assert found.picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert 5_000 < len(found.picture) < 100_000


def test_what_is_no_pdf_gives_nothing_and_says_so() -> None:
    for content in (b"%PDF-1.7\nthe manual\n%%EOF\n", b"%PDF-", pdf(["Слово"])[:200]):
        found = read(content)
        assert (found.texts, found.picture) == ((), b"")
        assert found.problem


def test_words_keep_their_pages() -> None:
    found = read(pdf(["Первая страница", "", "Third page"]))
    assert [text.strip() for text in found.texts] == ["Первая страница", "", "Third page"]


def test_pages_and_characters_past_the_limit_are_left_and_said() -> None:
    content = pdf([f"Page {number}" for number in range(1, 8)])
    few = read(content, max_pages=3)
    assert (len(few.texts), few.page_count) == (3, 7)
    assert few.problem == "only 3 of 7 pages were read"
    short = read(content, max_characters=8)
    assert sum(map(len, short.texts)) == 8
    assert "only 2 of 7" in short.problem


def test_bomb_ends_the_reader_and_nothing_else() -> None:
    found = read(bomb(), max_memory=600 * 1024**2, max_cpu_s=2, max_wall_s=20)
    assert found.problem


def test_reader_that_hangs_is_ended() -> None:
    found = read(pdf(["Слово"]), max_wall_s=0)
    assert found == FileText(problem="reading took too long")


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "text/csv; charset=utf-8"])
def test_plain_text_is_read_whatever_its_bytes(kind: str) -> None:
    assert read("Конфигурация\0 ё".encode(), kind).texts == ("Конфигурация  ё",)
    assert read(b"\xff\xfe", kind).texts == ("\ufffd\ufffd",)
    assert read(b"abcdef", kind, max_characters=4) == FileText(
        ("abcd",), problem="the text is too long"
    )


def test_other_files_are_not_looked_into() -> None:
    assert read(b"PK\3\4", "application/zip") == FileText()
