"""One thought in Russian and in English.

For answers that are read in both languages at once (a page, a command's JSON, a bundle): they
carry phrases rather than gettext ids. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """A text, or a str.format template, in both languages."""

    ru: str
    en: str

    def text(self, language: str) -> str:
        """The Russian text for "ru", the English one for any other language."""
        return self.ru if language == "ru" else self.en
