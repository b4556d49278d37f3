from datetime import date

import pytest

from support.phrases import Phrase, filled, lasting_phrase, months_phrase


@pytest.mark.parametrize(
    ("months", "ru", "en"),
    [
        (1, "1 месяц", "1 month"),
        (2, "2 месяца", "2 months"),
        (3, "3 месяца", "3 months"),
        (4, "4 месяца", "4 months"),
        (5, "5 месяцев", "5 months"),
        (11, "11 месяцев", "11 months"),
        (12, "12 месяцев", "12 months"),
        (14, "14 месяцев", "14 months"),
        (15, "15 месяцев", "15 months"),
        (20, "20 месяцев", "20 months"),
        (21, "21 месяц", "21 months"),
        (24, "24 месяца", "24 months"),
        (111, "111 месяцев", "111 months"),
    ],
)
def test_the_noun_follows_the_number_and_never_leaves_it(months: int, ru: str, en: str) -> None:
    phrase = months_phrase(months)
    assert phrase.ru == ru.replace(" ", "\u00a0")
    assert phrase.en == en.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("days", "ru", "en"),
    [
        (1827, "5 лет (1827 дней)", "5 years (1827 days)"),
        (1826, "5 лет (1826 дней)", "5 years (1826 days)"),
        (1825, "1825 дней", "1825 days"),
        (1095, "3 года (1095 дней)", "3 years (1095 days)"),
        (366, "1 год (366 дней)", "1 year (366 days)"),
        (367, "367 дней", "367 days"),
        (364, "364 дня", "364 days"),
        (7671, "21 год (7671 день)", "21 years (7671 days)"),
        (0, "0 дней", "0 days"),
    ],
)
def test_a_long_term_is_told_in_years_only_where_the_days_are_whole_years(
    days: int, ru: str, en: str
) -> None:
    phrase = lasting_phrase(days)
    assert phrase.ru == ru.replace(" ", "\u00a0").replace("\u00a0(", " (")
    assert phrase.en == en.replace(" ", "\u00a0").replace("\u00a0(", " (")


def test_each_language_gets_its_own_dates_and_words() -> None:
    template = Phrase("{what} до {day}, {name}", "{what} until {day}, {name}")
    phrase = filled(
        template, {"what": Phrase("срок", "term"), "day": date(2026, 11, 22), "name": "{day} FP"}
    )
    assert phrase.text("ru") == "срок до 22.11.2026, {day} FP"
    assert phrase.text("en") == "term until 22 November 2026, {day} FP"
