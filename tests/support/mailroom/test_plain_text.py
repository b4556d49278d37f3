from time import monotonic

import pytest

from support.mailroom.letters import CUT_LINE_EN, CUT_LINE_RU
from support.mailroom.plain_text import from_html, split


@pytest.mark.parametrize(
    "mark",
    [
        CUT_LINE_RU,
        f"> {CUT_LINE_RU}",
        CUT_LINE_EN,
        "22.11.2026 12:00, Поддержка пишет:",
        "пт, 20 нояб. 2026 г. в 19:30, Анна <anna@romashka.example> написал(а):",
        "On Fri, 20 Nov 2026 at 19:30, Support <support@flat-pro.ru> wrote:",
        "-----Original Message-----",
        "-------- Исходное сообщение --------",
        "От: Поддержка\nОтправлено: 20 ноября 2026 г.",
        "From: Support\nSent: Friday",
    ],
)
def test_what_a_letter_quotes_is_kept_apart(mark: str) -> None:
    found = split(f"Не помогло.\nСовсем.\n\n{mark}\n> Проверьте гарнитуру.\n")
    assert found.words == "Не помогло.\nСовсем."
    assert "Проверьте гарнитуру." in found.quoted


def test_an_answer_between_the_lines_stays_whole() -> None:
    text = "> Какая прошивка?\n2.4.1\n> Какой кабель?\nДлинный"
    assert split(text).words == text


def test_a_quotation_to_the_end_goes_without_its_mark() -> None:
    found = split("2.4.1\n\n> Какая прошивка?\n>\n> Поддержка\n")
    assert (found.words, found.quoted) == ("2.4.1", "> Какая прошивка?\n>\n> Поддержка")


def test_a_letter_that_is_all_quotation_is_kept_whole() -> None:
    assert split("> Какая прошивка?\n").words == "> Какая прошивка?"


def test_ordinary_words_are_no_mark() -> None:
    text = "От: кого угодно\nМы писали вам: ответа нет.\nТема важная"
    assert split(text).words == text


def test_blocks_of_a_page_stand_on_their_lines() -> None:
    assert from_html("<p>а</p><p>б<br>в</p><ul><li>г</li></ul>") == "а\n\nб\n\nв\n\nг"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<",
        "<p",
        "<!-- x",
        "<b>" * 100_000,
        "<?xml version='1.0' encoding='utf-16'?><p>а</p>",
        "&#0;&#xFFFFFF;",
        "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
        "<svg onload=x>",
        "<p>" + ">" * 200_000,
    ],
)
def test_no_page_stops_the_reader(page: str) -> None:
    began = monotonic()
    split(from_html(page))
    assert monotonic() - began < 30


def test_a_million_quoted_lines_are_split_at_once() -> None:
    began = monotonic()
    split(">\n" * 300_000 + "конец\n" + ">\n" * 300_000)
    assert monotonic() - began < 30, "twice the lines must not cost four times as much"
