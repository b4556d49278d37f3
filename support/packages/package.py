"""A support package and its targets (rules S-5, S-8, S-9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from support import business_time
from support.phrases import Phrase
from support.work_calendar import WorkCalendar

#: The code of the package that nobody pays for.
FREE = "FREE"


class Priority(StrEnum):
    """How much of a site does not work."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @property
    def phrase(self) -> Phrase:
        return _PRIORITIES[self]


_PRIORITIES = {
    Priority.P1: Phrase("связи нет на всей площадке", "nothing works on the whole site"),
    Priority.P2: Phrase("работает плохо или не у всех", "works badly, or not for everyone"),
    Priority.P3: Phrase("вопрос", "a question"),
}


class Promise(StrEnum):
    """What a target is about: an answer by a person, a way round, the end of the matter."""

    RESPONSE = "response"
    RESTORE = "restore"
    RESOLVE = "resolve"

    @property
    def phrase(self) -> Phrase:
        return _PROMISES[self]


_PROMISES = {
    Promise.RESPONSE: Phrase("Реагирование", "Response"),
    Promise.RESTORE: Phrase("Восстановление", "Restoration"),
    Promise.RESOLVE: Phrase("Решение", "Resolution"),
}


@dataclass(frozen=True)
class Target:
    """`within` in working time, or in real time where the package works around the clock."""

    within: timedelta
    around_the_clock: bool = False


@dataclass(frozen=True)
class Package:
    """What a contract buys. One without targets, the free tier, has no clock at all (S-5)."""

    code: str
    name: Phrase
    targets: Mapping[tuple[Priority, Promise], Target] = field(default_factory=dict)
    loaner: bool = False
    named_engineer: bool = False

    def target(self, priority: Priority, promise: Promise) -> Target | None:
        """What is promised, or None where nothing is."""
        return self.targets.get((priority, promise))


def deadline(
    target: Target | None, calendar: WorkCalendar, registered_at: datetime
) -> datetime | None:
    """The instant by which a target is met; None where nothing is promised (S-5)."""
    if target is None:
        return None
    if target.around_the_clock:
        return registered_at + target.within
    return business_time.add(calendar, registered_at, target.within)
