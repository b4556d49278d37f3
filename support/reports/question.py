"""What a report is asked for: by what it is divided, of which days, of which phones (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from storage.phrases import Phrase
from storage.refusals import RefusedError

#: One row of a report: its product and lot, or its organisation; () is all of it.
Key = tuple[str, ...]
_TEXT_MAX = 64
_FIRST_YEAR = 2000
#: A chart of months shows so many, the last ones.
MONTHS_MAX = 36


class Dimension(StrEnum):
    """By what a report is divided."""

    PRODUCT = "product"
    LOT = "lot"
    FIRMWARE = "firmware"
    ORGANISATION = "organisation"
    PARTNER = "partner"

    @property
    def phrase(self) -> Phrase:
        return _DIMENSIONS[self]

    @property
    def is_of_make(self) -> bool:
        """Whether its rows are phones made alike, so that one can stand out for a fault of ours."""
        return self in {Dimension.LOT, Dimension.FIRMWARE}


_DIMENSIONS = {
    Dimension.PRODUCT: Phrase("Изделие", "Product"),
    Dimension.LOT: Phrase("Партия", "Lot"),
    Dimension.FIRMWARE: Phrase("Прошивка", "Firmware"),
    Dimension.ORGANISATION: Phrase("Организация", "Organisation"),
    Dimension.PARTNER: Phrase("Партнёр", "Partner"),
}


class RollUp(StrEnum):
    """What counts made beforehand are of: phones made alike, or phones of one owner.

    Counts by all of it together would hardly be fewer than the repairs themselves.
    """

    MAKE = "make"
    OWNER = "owner"


class PeriodError(RefusedError):
    code = "report-period"
    field = "since"
    ru = "«{since}» — «{until}» — не период: нужны две даты, и первая не позже второй."
    en = "“{since}” to “{until}” is no period: two dates, the first not after the second."


@dataclass(frozen=True)
class Question:
    """A report that is asked for; an empty field asks for nothing.

    `organisations` narrows it to theirs: an empty tuple is nobody's, None is everybody's.
    """

    by: Dimension
    since: date
    until: date
    product: str = ""
    lot: str = ""
    firmware: str = ""
    organisations: tuple[int, ...] | None = None

    def of(self, *organisations: int) -> "Question":
        """The same of these organisations alone."""
        return replace(self, organisations=organisations)

    @property
    def roll_up(self) -> RollUp | None:
        """The counts that answer it; None where owners and make are asked for together."""
        of_owners = self.by in {Dimension.ORGANISATION, Dimension.PARTNER}
        if self.organisations is None and not of_owners:
            return RollUp.MAKE
        if self.by.is_of_make or self.lot or self.firmware:
            return None
        return RollUp.OWNER

    def divided(self, by: Dimension) -> "Question":
        """The same, divided otherwise."""
        return replace(self, by=by)


def asked(values: Mapping[str, str], today: date) -> Question:
    """The question in an address; raises PeriodError. Without dates it is about the last year."""
    since, until = _period(values.get("since", ""), values.get("until", ""), today)
    return Question(
        by=next((one for one in Dimension if one == values.get("by")), Dimension.PRODUCT),
        since=since,
        until=until,
        product=values.get("product", "").strip()[:_TEXT_MAX],
        lot=values.get("lot", "").strip()[:_TEXT_MAX],
        firmware=values.get("firmware", "").strip()[:_TEXT_MAX],
    )


def year_until(today: date) -> tuple[date, date]:
    """The last twelve months, this one among them, from the first of a month on."""
    months = today.year * 12 + today.month - 12
    return date(months // 12, months % 12 + 1, 1), today


def _period(since: str, until: str, today: date) -> tuple[date, date]:
    usual = year_until(today)
    first = _day(since, usual[0])
    last = _day(until, usual[1])
    if first is None or last is None or first > last or first.year < _FIRST_YEAR:
        raise PeriodError(since=since[:20], until=until[:20])
    return first, last


def _day(typed: str, usual: date) -> date | None:
    plain = typed.strip()
    if not plain:
        return usual
    try:
        return date.fromisoformat(plain[:10])
    except ValueError:
        return None


def months_of(question: Question) -> list[date]:
    """The first days of the period's months; of a long one the last MONTHS_MAX."""
    first, last = (day.year * 12 + day.month - 1 for day in (question.since, question.until))
    shown = range(max(first, last - MONTHS_MAX + 1), last + 1)
    return [date(months // 12, months % 12 + 1, 1) for months in shown]
