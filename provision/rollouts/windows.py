"""Maintenance windows: hours of the day at a phone's site during which it may be offered. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storage.refusals import RefusedError

DEFAULT_ZONE = "Europe/Moscow"
_WRITTEN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—]\s*(\d{1,2}):(\d{2})")
_DAY = 24 * 60


class BadWindowError(RefusedError):
    code = "bad-window"
    field = "window"
    ru = "«{text}» — не окно обслуживания: напишите часы по времени площадки, например 01:00-05:00."
    en = "“{text}” is no maintenance window: write hours of the site's day, e.g. 01:00-05:00."


@dataclass(frozen=True)
class Window:
    """Minutes of the day; one that ends before it begins goes over midnight."""

    begin: int
    end: int

    def __str__(self) -> str:
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (self.begin, self.end))

    def is_open(self, now: datetime, zone: str | None) -> bool:
        """Whether it is open at `now` in this time zone; Moscow's for one that nobody knows."""
        local = now.astimezone(_zone(zone))
        minute = local.hour * 60 + local.minute
        if self.begin <= self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


def parse(text: str) -> Window | None:
    """A window as written, None for an empty one; raises BadWindowError."""
    text = text.strip()
    if not text:
        return None
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise BadWindowError(text=text[:40])
    hours = [int(part) for part in found.groups()]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if hours[1] > 59 or hours[3] > 59 or begin >= _DAY or end > _DAY or begin == end:
        raise BadWindowError(text=text[:40])
    return Window(begin, end % _DAY)


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or DEFAULT_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(DEFAULT_ZONE)
