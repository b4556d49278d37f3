"""By when the authority is told of a leak: 24 h of it, 72 h of what was found (152-ФЗ, 21.3.1).

Both count from the hour in which it was found, day and night, whatever the calendar says. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from support.phrases import Phrase


class Notice(StrEnum):
    """What the authority is told."""

    FIRST = "first"
    RESULT = "result"

    @property
    def phrase(self) -> Phrase:
        return _NOTICES[self]

    @property
    def within(self) -> timedelta:
        return _WITHIN[self]


_NOTICES = {
    Notice.FIRST: Phrase("первое уведомление", "the first notice"),
    Notice.RESULT: Phrase("результаты расследования", "what the inquiry found"),
}
_WITHIN = {Notice.FIRST: timedelta(hours=24), Notice.RESULT: timedelta(hours=72)}


class Level(IntEnum):
    """How near the end; each is told of once."""

    RUNNING = 1
    SOON = 2
    LATE = 3


@dataclass(frozen=True)
class BreachClock:
    """One notice: until when, and when the authority was told for the first time."""

    notice: Notice
    due_at: datetime
    told_at: datetime | None
    at: datetime

    @property
    def is_late(self) -> bool:
        """The last second is still in time."""
        return (self.told_at or self.at) > self.due_at

    @property
    def left(self) -> timedelta:
        return max(self.due_at - self.at, timedelta())

    @property
    def hours_left(self) -> int:
        return int(self.left.total_seconds() // 3600)

    @property
    def percent(self) -> int:
        """How much of the time is used."""
        used = (self.told_at or self.at) - (self.due_at - self.notice.within)
        return max(0, min(100, int(used * 100 / self.notice.within)))

    @property
    def level(self) -> Level | None:
        """How near the end it is; nothing once the authority was told."""
        if self.told_at is not None:
            return None
        if self.is_late:
            return Level.LATE
        return Level.SOON if self.left <= self.notice.within / 4 else Level.RUNNING


def clocks_of(
    found_at: datetime, told: Sequence[tuple[Notice, datetime]], at: datetime
) -> Sequence[BreachClock]:
    """Both clocks as of `at`."""
    return [
        BreachClock(
            notice,
            found_at + notice.within,
            min((when for one, when in told if one is notice), default=None),
            at,
        )
        for notice in Notice
    ]
