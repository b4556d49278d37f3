"""Dated rights of one device: base warranty, bought extensions, loaner service."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from support.intervals import Interval
from support.phrases import Phrase


class EntitlementKind(StrEnum):
    """What a right is to; a loaner right sends a phone meanwhile and covers nothing itself."""

    BASE = "base"
    EXTENDED = "extended"
    LOANER = "loaner"

    @property
    def covers(self) -> bool:
        """Whether the right's days count as days of warranty."""
        return self is not EntitlementKind.LOANER

    @property
    def phrase(self) -> Phrase:
        """The right's name, as a sentence begins with it."""
        return _NAMES[self]


_NAMES = {
    EntitlementKind.BASE: Phrase("Основная гарантия", "Base warranty"),
    EntitlementKind.EXTENDED: Phrase(
        "Гарантия с увеличенным сроком по сертификату", "Extended warranty by certificate"
    ),
    EntitlementKind.LOANER: Phrase("Услуга «Подменный фонд»", "Loaner service"),
}


@dataclass(frozen=True)
class Entitlement:
    """One right from `start` to `end`, both days included; raises IntervalEndsError.

    `source` is the paper or record that gives it: the proof of handover, a certificate's number.
    """

    kind: EntitlementKind
    start: date
    end: date
    source: str

    def __post_init__(self) -> None:
        Interval(self.start, self.end)

    @property
    def interval(self) -> Interval:
        return Interval(self.start, self.end)
