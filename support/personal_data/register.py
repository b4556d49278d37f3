"""The register of personal-data classes: what is held, where, why, on what basis and how long."""

import functools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from storage.clock import MOSCOW
from storage.phrases import Phrase

_FILE = Path(__file__).with_name("register.toml")


@dataclass(frozen=True)
class PersonalClass:
    """One class. `days` counts from the end of its case, or of that year where `from_year` is set.

    Zero days: it has no term of its own. `legal`: a law asks for it, so a person's wish does not
    end it sooner.
    """

    code: str
    name: Phrase
    purpose: Phrase
    basis: Phrase
    after: Phrase
    days: int
    columns: Sequence[str]
    from_year: bool = False
    legal: bool = False
    texts: Sequence[str] = ()
    emptied: Mapping[str, str] = field(default_factory=dict)
    deleted: Mapping[str, str] = field(default_factory=dict)

    def ends_at(self, over_at: datetime, days: int) -> datetime:
        """When what was over then is to go, kept for so many days."""
        begins = over_at
        if self.from_year:
            year = over_at.astimezone(MOSCOW).year + 1
            begins = datetime.combine(date(year, 1, 1), datetime.min.time(), MOSCOW)
        return begins.astimezone(UTC) + timedelta(days=days)

    def over_before(self, now: datetime, days: int) -> datetime:
        """What was over before this instant is to go by now: the other way round of `ends_at`."""
        last = now - timedelta(days=days)
        if not self.from_year:
            return last
        begins = date(last.astimezone(MOSCOW).year, 1, 1)
        return datetime.combine(begins, datetime.min.time(), MOSCOW).astimezone(UTC)

    def holds(self, column: str) -> bool:
        """Whether a column ("table.name") belongs to the class."""
        return any(fnmatchcase(column, pattern) for pattern in self.columns)


@dataclass(frozen=True)
class Register:
    """All classes, and the columns of which somebody has said that they hold nobody's data."""

    classes: Sequence[PersonalClass]
    nobody: Sequence[str]

    def get(self, code: str) -> PersonalClass:
        return next(one for one in self.classes if one.code == code)

    def find(self, code: str) -> PersonalClass | None:
        return next((one for one in self.classes if one.code == code), None)

    def is_judged(self, column: str) -> bool:
        """Whether the register says anything of a column."""
        return self.is_personal(column) or any(fnmatchcase(column, one) for one in self.nobody)

    def class_of_text(self, column: str) -> PersonalClass | None:
        """The class to whose free texts a column belongs, if to one."""
        return next((one for one in self.classes if column in one.texts), None)

    def is_personal(self, column: str) -> bool:
        return any(one.holds(column) for one in self.classes)


@functools.cache
def shipped() -> Register:
    """The register that comes with the program."""
    told = tomllib.loads(_FILE.read_text())
    return Register(tuple(_classes(told["class"])), tuple(told["nobody"]["columns"]))


def _classes(rows: Iterable[dict[str, Any]]) -> Iterable[PersonalClass]:
    for row in rows:
        phrases = {name: Phrase(*row[name]) for name in ("name", "purpose", "basis", "after")}
        yield PersonalClass(**{**row, **phrases})
