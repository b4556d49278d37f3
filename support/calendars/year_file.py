"""A year as the published production calendars tell it (xmlcalendar), as a part of our own file.

There `t` is 1 for a day off, 2 for a short working day and 3 for a worked weekend day. A weekend
day marked short is worked as well (2027-02-20). Short days are not shortened here: the rules of
support promise 9:00 to 18:00.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from lxml import etree

from storage.refusals import RefusedError

_SATURDAY = 5
_OFF, _WORKED = "1", ("2", "3")


class YearFileError(RefusedError):
    code = "bad-calendar-year"
    ru = "Файл производственного календаря не читается: {reason}"
    en = "The production calendar's file can't be read: {reason}"


@dataclass(frozen=True)
class Year:
    """What differs from a Monday-to-Friday week."""

    number: int
    off: tuple[date, ...]
    working: tuple[date, ...]

    @property
    def days(self) -> int:
        """How many days of it are worked."""
        first = date(self.number, 1, 1)
        every = (first + timedelta(day) for day in range(366))
        plain = sum(1 for day in every if day.year == self.number and day.weekday() < _SATURDAY)
        return plain - len(self.off) + len(self.working)

    def as_toml(self) -> str:
        """The year's table for our file."""
        off, working = (
            ", ".join(f'"{day:%m-%d}"' for day in days) for days in (self.off, self.working)
        )
        return f"\n[{self.number}]\ndays = {self.days}\noff = [{off}]\nworking = [{working}]\n"


def parse(content: bytes) -> Year:
    """The year in an XML file; raises YearFileError. Entities and outer files are never read."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
        number = int(root.get("year", ""))
        marks = {_day(number, found.get("d", "")): found.get("t") for found in root.iter("day")}
    except (etree.XMLSyntaxError, ValueError) as error:
        raise YearFileError(reason=str(error)[:200]) from error
    if not marks:
        raise YearFileError(reason="no days")
    return Year(
        number,
        off=tuple(sorted(day for day, mark in marks.items() if mark == _OFF and not _rest(day))),
        working=tuple(sorted(day for day, mark in marks.items() if mark in _WORKED and _rest(day))),
    )


def with_year(text: str, year: Year) -> str:
    """Our calendar file with the year's table put in, in place of an older one."""
    kept: list[str] = []
    dropping = False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            dropping = line.strip() == f"[{year.number}]"
        if not dropping:
            kept.append(line)
    return "".join(kept).rstrip("\n") + "\n" + year.as_toml()


def _day(year: int, text: str) -> date:
    month, _, day = text.partition(".")
    return date(year, int(month), int(day))


def _rest(day: date) -> bool:
    return day.weekday() >= _SATURDAY
