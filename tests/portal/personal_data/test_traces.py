"""What is a trace of a person in somebody's words: a case of a name, a number, an address."""

import pytest

from portal.personal_data.traces import Traces, stem_of, traces_of
from storage.people import Person

ANNA = traces_of(
    Person(frozenset({"anna@romashka.example"})), ["Анна Петрова"], ["+7 900 000-00-00"], ""
)


def written(text: str, traces: Traces = ANNA) -> list[str]:
    return [one.written for one in traces.found_in(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Звонила Анна Петрова", ["Анна", "Петрова"]),
        ("передайте Анне Петровой, что готово", ["Анне", "Петровой"]),
        ("спросите у ПЕТРОВОЙ", ["ПЕТРОВОЙ"]),
        ("её номер 8(900)000 00 00.", ["8(900)000 00 00"]),
        ("+79000000000", ["+79000000000"]),
        ("пишите на Anna@Romashka.Example", ["Anna@Romashka.Example"]),
    ],
)
def test_a_person_is_found_in_any_case_number_and_spelling(text: str, found: list[str]) -> None:
    assert written(text) == found


@pytest.mark.parametrize(
    "text",
    ["аннотация к прошивке", "Петрозаводск", "joanna@romashka.example", "anna@romashka.example.org",
     "1234567890", "790000000001", "FP2546B24VR8FEJ"],
)  # fmt: skip
def test_what_only_resembles_is_left_alone(text: str) -> None:
    assert written(text) == []


def test_a_whole_name_is_likelier_than_a_part_of_one() -> None:
    assert ANNA.is_likely("для Анны Петровой")
    assert not ANNA.is_likely("Анна из другого отдела")
    assert ANNA.is_likely("тел. 8 900 000-00-00")


def test_what_is_typed_besides_is_looked_for_too() -> None:
    more = traces_of(Person(frozenset({"a@b.ru"})), [], [], "Иванова\n8 911 111-11-11\nx@y.ru")
    text = "Ивановой: +7 911 111 11 11, x@y.ru"
    assert written(text, more) == ["Ивановой", "+7 911 111 11 11", "x@y.ru"]


@pytest.mark.parametrize(
    ("part", "stem"),
    [("Петрова", "петров"), ("Анна", "анн"), ("Достоевский", "достоевск"), ("Ян", "ян"),
     ("O'Neil", "o'neil"), ("Ли", "ли")],
)  # fmt: skip
def test_the_stem_of_a_name_stays_in_its_cases(part: str, stem: str) -> None:
    assert stem_of(part) == stem
