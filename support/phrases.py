"""A phrase is one thought in Russian and in English, with dates written each language's way.

Warranty answers carry phrases rather than gettext ids, because an answer is read in both languages
at once: on the page, in the command's JSON and later in a letter.
"""

from collections.abc import Mapping
from datetime import date

from storage.phrases import Phrase
from support.civil_dates import date_text

__all__ = [
    "NBSP",
    "Detail",
    "Phrase",
    "days_phrase",
    "filled",
    "lasting_phrase",
    "months_phrase",
    "years_phrase",
]

NBSP = "\u00a0"


Detail = date | Phrase | str


def filled(template: Phrase, details: Mapping[str, Detail]) -> Phrase:
    """The template with each `{name}` replaced by that detail in the sentence's own language."""
    return Phrase(
        ru=template.ru.format(**_spoken(details, "ru")),
        en=template.en.format(**_spoken(details, "en")),
    )


def months_phrase(months: int) -> Phrase:
    """A number of months, the noun in the form that it asks for (1 месяц, 12 месяцев)."""
    return Phrase(
        ru=f"{months}{NBSP}{_russian_month(months)}",
        en=f"{months}{NBSP}{'month' if months == 1 else 'months'}",
    )


def days_phrase(days: int) -> Phrase:
    """A number of days (1 день, 3 дня, 14 дней)."""
    few = days % 10 in {2, 3, 4} and days % 100 not in {12, 13, 14}
    one = days % 10 == 1 and days % 100 != 11
    noun = "день" if one else "дня" if few else "дней"
    return Phrase(f"{days}{NBSP}{noun}", f"{days}{NBSP}{'day' if days == 1 else 'days'}")


def years_phrase(years: int) -> Phrase:
    """A number of years (1 год, 3 года, 5 лет)."""
    few = years % 10 in {2, 3, 4} and years % 100 not in {12, 13, 14}
    one = years % 10 == 1 and years % 100 != 11
    noun = "год" if one else "года" if few else "лет"
    return Phrase(f"{years}{NBSP}{noun}", f"{years}{NBSP}{'year' if years == 1 else 'years'}")


def lasting_phrase(days: int) -> Phrase:
    """Days as people count them: whole years with the days beside them, else the days alone.

    1827 days are 5 years with both of the leap days that these can hold.
    """
    counted, years = days_phrase(days), days // 365
    if not years >= 1 or not years // 4 <= days - years * 365 <= (years + 3) // 4:
        return counted
    said = years_phrase(years)
    return Phrase(f"{said.ru} ({counted.ru})", f"{said.en} ({counted.en})")


def _russian_month(count: int) -> str:
    if count % 100 in range(11, 15):
        return "месяцев"
    return {1: "месяц", 2: "месяца", 3: "месяца", 4: "месяца"}.get(count % 10, "месяцев")


def _spoken(details: Mapping[str, Detail], language: str) -> dict[str, str]:
    return {name: _one(detail, language) for name, detail in details.items()}


def _one(detail: Detail, language: str) -> str:
    if isinstance(detail, date):
        return date_text(detail, language)
    return detail.text(language) if isinstance(detail, Phrase) else detail
