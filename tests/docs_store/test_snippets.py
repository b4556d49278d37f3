from hypothesis import given
from hypothesis import strategies as st

from docs_store.snippets import LENGTH, snippet
from docs_store.words import phrases

FILLER = "Телефон стоит на столе и ждёт звонка. " * 20
PAGE = (
    FILLER + "Обновление прошивки идёт само. Прошивку 2.4.1 телефон\r\nберёт с сервера. " + FILLER
)


def shown(text: str, query: str) -> str:
    pieces = snippet(text, phrases(query))
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)


def test_words_asked_for_are_marked_in_every_form() -> None:
    assert "[Обновление] [прошивки] идёт само. [Прошивку] 2.4.1" in shown(
        PAGE, "прошивка обновления"
    )


def test_version_is_marked_whole_and_only_there() -> None:
    assert "Прошивку [2.4.1] телефон берёт" in shown(PAGE, "2.4.1")
    assert "[2.4.1]" not in shown("Версии 2.4 и 1.2.4", "2.4.1")


def test_snippet_is_short_whole_words_and_says_that_the_page_goes_on() -> None:
    found = shown(PAGE, "сервер")
    assert found.startswith("… ")
    assert found.endswith(" …")
    assert len(found) < LENGTH + 10
    assert set(found.strip("… ").replace("[", "").replace("]", "").split()) <= set(PAGE.split())


def test_place_with_most_of_the_words_wins() -> None:
    text = "прошивка " + FILLER + "сервер прошивки " + FILLER
    assert "[сервер] [прошивки]" in shown(text, "прошивка сервер")


def test_page_without_the_words_shows_its_beginning() -> None:
    assert shown("Короткая страница", "звонок") == "Короткая страница"


@given(st.text(), st.text())
def test_snippet_of_anything_is_a_part_of_its_text(text: str, query: str) -> None:
    found = "".join(piece.text for piece in snippet(text, phrases(query)))
    assert found.removeprefix("… ").removesuffix(" …") in " ".join(text.split())
