"""HTTP dates (RFC 9110 §5.6.7): three forms are read, one is written. Pure."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMS = (
    re.compile(rf"[A-Z][a-z]{{2}}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_CLOCK} GMT"),
    re.compile(
        rf"[A-Z][a-z]{{5,8}}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_CLOCK} GMT"
    ),
    re.compile(rf"[A-Z][a-z]{{2}} {_MONTH} (?P<day>[ 0-9][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})"),
)
# The two-digit years of RFC 850: the POSIX pivot, so that no clock is needed here.
_PIVOT = 69


def parse_http_date(text: str) -> datetime | None:
    """The instant that `text` names, to the second; None when it is no HTTP date."""
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _instant(match)
    return None


def format_http_date(instant: datetime) -> str:
    """`instant` as an IMF-fixdate, its fraction of a second dropped."""
    return format_datetime(whole_second(instant), usegmt=True)


def whole_second(instant: datetime) -> datetime:
    """`instant` in UTC without its fraction: what an HTTP date can say."""
    return instant.astimezone(UTC).replace(microsecond=0)


def _instant(match: re.Match[str]) -> datetime | None:
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += 1900 if year >= _PIVOT else 2000
    # The grammar allows a leap second, which Python's datetime cannot hold.
    second = 59 if match["second"] == "60" else int(match["second"])
    try:
        return datetime(
            year,
            _MONTHS.index(match["month"]) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            second,
            tzinfo=UTC,
        )
    except ValueError:
        return None
