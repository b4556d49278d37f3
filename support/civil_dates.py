"""Calendar arithmetic on civil dates, by articles 191 and 192 of the Russian Civil Code (ГК РФ).

A civil date has no hour and no zone here: whoever has an instant asks storage.clock for the date.
"""

from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta

from storage.clock import MOSCOW
from storage.refusals import RefusedError

ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class CalendarEndError(RefusedError):
    code = "calendar-end"
    ru = "Дата {start} со сдвигом {shift} выходит за пределы календаря."
    en = "The date {start} moved by {shift} leaves the calendar."


def add_months(start: date, months: int) -> date:
    """The last day, inclusive, of a term of `months` that began with the event on `start`.

    ГК 191: the term runs from the day after the event. ГК 192 п. 3: it ends on the same day number
    of its last month, or on that month's last day where the number is missing. Two terms are added
    as months to one origin: calling this on its own answer loses days (29 Feb + 12 + 36 months).
    Raises CalendarEndError outside the years 1-9999.
    """
    year, month_index = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise CalendarEndError(start=start, shift=months)
    month = month_index + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def add_days(start: date, days: int) -> date:
    """The date `days` calendar days after `start`; raises CalendarEndError beyond year 9999."""
    try:
        return start + timedelta(days=days)
    except OverflowError as error:
        raise CalendarEndError(start=start, shift=days) from error


def date_text(day: date, language: str) -> str:
    """The date as a customer reads it: 22.11.2026 in Russian ("ru"), else 22 November 2026.

    Not strftime: its month names and its year padding depend on the machine.
    """
    if language == "ru":
        return f"{day.day:02}.{day.month:02}.{day.year:04}"
    return f"{day.day} {ENGLISH_MONTHS[day.month - 1]} {day.year}"


def moment_text(instant: datetime, language: str) -> str:
    """The instant as a customer reads it, in Moscow: 23.11.2026, 09:00 (МСК)."""
    local = instant.astimezone(MOSCOW)
    zone = "МСК" if language == "ru" else "Moscow time"
    return f"{date_text(local.date(), language)}, {local:%H:%M} ({zone})"
