"""Typed errors that a reader can be told about, in Russian and in English.

Each refusal has a stable `code` for programs and a sentence in both languages for people. Only
portal/errors.py knows which HTTP status a class of refusal becomes.
"""

from datetime import date, datetime
from typing import ClassVar


class RefusedError(Exception):
    """The input breaks a rule; nothing was changed."""

    code: ClassVar[str] = "refused"
    ru: ClassVar[str] = "Запрос отклонён."
    en: ClassVar[str] = "The request was refused."
    #: The form field that the refusal is about, if it is about one.
    field: ClassVar[str | None] = None

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """The sentence for a reader of `language` ("ru" or "en")."""
        template = self.ru if language == "ru" else self.en
        return template.format(**{name: _said(value) for name, value in self.details.items()})


def _said(value: object) -> object:
    """A day as the pages write it, in either language; anything else as it is."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return f"{value:%d.%m.%Y}" if is_day else value


class NotFoundError(RefusedError):
    """The thing asked for does not exist, or is not the asker's to know of."""

    code = "not-found"
    ru = "Не найдено."
    en = "Not found."


class ConflictError(RefusedError):
    """The input is right, but what is stored already says otherwise."""

    code = "conflict"
    ru = "Запись противоречит уже сохранённой."
    en = "This contradicts what is already stored."


class UnavailableError(RefusedError):
    """A part of the machine (disk, database) cannot do it now; trying later may help."""

    code = "unavailable"
    ru = "Сейчас это невозможно, попробуйте позже."
    en = "This cannot be done now; try again later."
