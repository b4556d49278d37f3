"""One thing that was looked at, how it is, and what to do. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.phrases import Phrase

NOTHING = Phrase("", "")


class Level(StrEnum):
    """`fault`: something does not work, or is open to strangers; `attention`: soon, or perhaps."""

    GOOD = "good"
    ATTENTION = "attention"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """`advice` is empty where all is well; `at` is the instant that `found` tells, if any."""

    check: str
    level: Level
    found: Phrase
    advice: Phrase = NOTHING
    at: datetime | None = None

    def as_document(self, language: str) -> Mapping[str, object]:
        """For a table, or for programs."""
        return {
            "check": self.check,
            "level": self.level.value,
            "found": self.found.text(language),
            "advice": self.advice.text(language),
            "at": self.at,
        }


def worst(findings: Iterable[Finding]) -> Level:
    """The level of all together."""
    order = list(Level)
    return max((one.level for one in findings), key=order.index, default=Level.GOOD)


def good(check: str, ru: str, en: str, at: datetime | None = None) -> Finding:
    """All is well."""
    return Finding(check, Level.GOOD, Phrase(ru, en), at=at)


def attention(check: str, found: Phrase, advice: Phrase, at: datetime | None = None) -> Finding:
    """It works; somebody should see to it."""
    return Finding(check, Level.ATTENTION, found, advice, at)


def fault(check: str, found: Phrase, advice: Phrase, at: datetime | None = None) -> Finding:
    """It does not work, or is open to strangers."""
    return Finding(check, Level.FAULT, found, advice, at)
