from hypothesis import given
from hypothesis import strategies as st

from docs_store import words

SAME = [
    ("прошивка", "Прошивки", "ПРОШИВКУ", "прошивкой", "прошивок"),
    ("список", "списка", "Списки", "списков"),
    ("кнопка", "кнопок"),
    ("ячейка", "ячеек"),
    ("блок", "блока", "блоков"),
    ("счётчик", "счетчиков"),
    ("настройка", "настройки", "настройкам", "настроек"),
    ("update", "Updates", "UPDATED", "updating"),
    ("phone", "phones"),
]


def test_forms_of_a_word_share_a_stem_in_both_languages() -> None:
    for forms in SAME:
        assert len({words.stem(form) for form in forms}) == 1, forms


def test_different_words_do_not() -> None:
    assert len({words.stem(word) for word in ("прошивка", "прошлое", "phone", "B2", "2")}) == 5


def test_versions_and_products_are_looked_for_as_they_stand() -> None:
    found = words.phrases('Прошивка "2.4.1" для FP-B2')
    assert [phrase.stems for phrase in found] == [("прошивк",), ("2", "4", "1"), ("fp", "b2")]


def test_query_of_stop_words_and_signs_asks_nothing() -> None:
    assert words.phrases("как это — на и the of !?") == []


def test_places_of_words_are_those_in_the_text() -> None:
    text = "Ёлка-2: сеть\u00a0VLAN"
    assert [text[word.start : word.end] for word in words.words(text)] == [
        *("Ёлка", "2", "сеть", "VLAN")
    ]


@given(st.text())
def test_any_text_has_words_without_signs(text: str) -> None:
    for phrase in words.phrases(text):
        assert all('"' not in stem and " " not in stem for stem in phrase.stems)
    assert '"' not in words.stems(text)
