"""A year of the calendar as a picture: months of weeks, each day with what it is. Pure."""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from support.phrases import Phrase
from support.work_calendar import WorkCalendar

_SATURDAY = 5
_MONTHS = (
    Phrase("Январь", "January"), Phrase("Февраль", "February"), Phrase("Март", "March"),
    Phrase("Апрель", "April"), Phrase("Май", "May"), Phrase("Июнь", "June"),
    Phrase("Июль", "July"), Phrase("Август", "August"), Phrase("Сентябрь", "September"),
    Phrase("Октябрь", "October"), Phrase("Ноябрь", "November"), Phrase("Декабрь", "December"),
)  # fmt: skip


class DayKind(StrEnum):
    """What a day is, and why it catches the eye."""

    WORKED = "worked"
    WEEKEND = "weekend"
    OFF = "off"
    MOVED = "moved"

    @property
    def phrase(self) -> Phrase:
        return _KINDS[self]


_KINDS = {
    DayKind.WORKED: Phrase("рабочий день", "worked"),
    DayKind.WEEKEND: Phrase("выходной", "weekend"),
    DayKind.OFF: Phrase("праздник или перенесённый выходной", "holiday or moved day off"),
    DayKind.MOVED: Phrase("рабочая суббота или воскресенье", "worked weekend day"),
}


@dataclass(frozen=True)
class PicturedDay:
    day: date
    kind: DayKind


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday; None where the day is of another month."""

    name: Phrase
    weeks: Sequence[Sequence[PicturedDay | None]]
    worked: int


def kind_of(calendar: WorkCalendar, day: date) -> DayKind:
    """What a day is by the calendar."""
    worked, weekend = calendar.is_working(day), day.weekday() >= _SATURDAY
    if worked:
        return DayKind.MOVED if weekend else DayKind.WORKED
    return DayKind.WEEKEND if weekend else DayKind.OFF


def year(calendar: WorkCalendar, number: int) -> Sequence[Month]:
    """The twelve months of a year."""
    return [_month(calendar, number, month) for month in range(1, 13)]


def changed(before: WorkCalendar, after: WorkCalendar, number: int) -> Sequence[PicturedDay]:
    """The days of a year that are another kind after than before, as they are after."""
    days = [day for month in range(1, 13) for day in _days(number, month)]
    found = [PicturedDay(day, kind_of(after, day)) for day in days]
    return [one for one in found if kind_of(before, one.day) is not one.kind]


def _month(calendar: WorkCalendar, number: int, month: int) -> Month:
    weeks = [
        [PicturedDay(day, kind_of(calendar, day)) if day.month == month else None for day in week]
        for week in Calendar().monthdatescalendar(number, month)
    ]
    worked = sum(calendar.is_working(day) for day in _days(number, month))
    return Month(_MONTHS[month - 1], weeks, worked)


def _days(number: int, month: int) -> Sequence[date]:
    return [day for day in Calendar().itermonthdates(number, month) if day.month == month]
