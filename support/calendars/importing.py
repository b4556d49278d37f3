"""A new year, or a whole calendar, from a file: what it says, before anything is put in force."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.refusals import RefusedError
from support.calendars import loading, year_file
from support.calendars.models import CalendarVersion
from support.work_calendar import WorkCalendar

FILE_BYTES_MAX = 200_000


class CalendarFileTypeError(RefusedError):
    code = "calendar-file"
    field = "file"
    ru = "Выберите файл календаря: XML года (xmlcalendar) или TOML всего календаря, до {limit} КБ."
    en = "Choose the calendar's file: a year's XML (xmlcalendar) or a whole TOML, up to {limit} KB."


@dataclass(frozen=True)
class Draft:
    """A calendar read from a file: its whole text, and the years it brings."""

    text: str
    calendar: WorkCalendar
    years: tuple[int, ...]


def current_text(session: Session) -> str:
    """The calendar in force as a file."""
    found = session.scalar(
        select(CalendarVersion.text).order_by(CalendarVersion.id.desc()).limit(1)
    )
    return found or loading.SHIPPED.read_text(encoding="utf-8")


def read(current: str, content: bytes) -> Draft:
    """The calendar with what the file says; raises YearFileError or CalendarFileError."""
    if not 0 < len(content) <= FILE_BYTES_MAX:
        raise CalendarFileTypeError(limit=FILE_BYTES_MAX // 1000)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        text = year_file.with_year(current, year_file.parse(content.strip()))
    else:
        text = _decoded(content)
    return draft_of(current, text)


def draft_of(current: str, text: str) -> Draft:
    """A whole calendar's text beside the one in force; raises CalendarFileError."""
    known = loading.parse("calendar.toml", current)
    made = loading.parse("calendar.toml", text)
    years = sorted(year for year in made.confirmed if _differs(known, made, year))
    return Draft(text, made, tuple(years))


def _differs(before: WorkCalendar, after: WorkCalendar, year: int) -> bool:
    if year not in before.confirmed:
        return True
    return any(
        {day for day in old if day.year == year} != {day for day in new if day.year == year}
        for old, new in ((before.off, after.off), (before.working, after.working))
    )


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CalendarFileTypeError(limit=FILE_BYTES_MAX // 1000) from error
