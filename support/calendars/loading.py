"""Reads a production calendar from its TOML file."""

import functools
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from storage.refusals import RefusedError
from support.work_calendar import WorkCalendar

SHIPPED = Path(__file__).parent / "russia.toml"
#: The library walks a key from its first part at each further one, and none of ours is so long.
_DOTS_MAX = 200


class CalendarFileError(RefusedError):
    code = "bad-calendar"
    ru = "Календарь {file} не годится: {reason}"
    en = "The calendar {file} is unusable: {reason}"


@functools.cache
def shipped() -> WorkCalendar:
    """The calendar that comes with the product."""
    return parse(SHIPPED.name, SHIPPED.read_text(encoding="utf-8"))


def parse(file: str, text: str) -> WorkCalendar:
    """The calendar in the TOML `text` of `file`; raises CalendarFileError.

    Each year says how many of its days are worked: a list with a slip of the pen is refused.
    """
    if max(map(_dots, text.splitlines()), default=0) > _DOTS_MAX:
        raise CalendarFileError(file=file, reason="a line with too many dots")
    try:
        table = tomllib.loads(text)
        opens, closes = _hours(table)
        years = {int(name): part for name, part in table.items() if name.isdigit()}
        calendar = WorkCalendar(
            off=_days(years, "off"),
            working=_days(years, "working"),
            confirmed=frozenset(years),
            fixed=frozenset((day.month, day.day) for day in _dates(2000, table["fixed"])),
            opens=opens,
            closes=closes,
        )
        for year, part in years.items():
            _check_sum(calendar, year, part["days"])
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise CalendarFileError(file=file, reason=str(error)) from error
    except RecursionError as error:
        # Lists within lists: the library goes down into each.
        raise CalendarFileError(file=file, reason="too deeply nested") from error
    except KeyError as error:
        raise CalendarFileError(file=file, reason=f"{error.args[0]} is missing") from error
    return calendar


def _dots(line: str) -> int:
    return line.count(".")


def _hours(table: Mapping[str, Any]) -> tuple[time, time]:
    opens, closes = table["opens"], table["closes"]
    if not (isinstance(opens, time) and isinstance(closes, time) and opens < closes):
        raise ValueError("opens and closes are times of one day, in this order")
    return opens, closes


def _days(years: Mapping[int, Mapping[str, Any]], kind: str) -> frozenset[date]:
    return frozenset(day for year, part in years.items() for day in _dates(year, part[kind]))


def _dates(year: int, days: list[str]) -> list[date]:
    return [date.fromisoformat(f"{year}-{day}") for day in days]


def _check_sum(calendar: WorkCalendar, year: int, expected: int) -> None:
    found = calendar.working_days(year)
    if found != expected:
        raise ValueError(f"{year} has {found} working days and not {expected}")
