"""How often releases were downloaded: per day and version, for charts, tables and programs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.versions import Version
from firmware.downloads.models import DownloadCount


@dataclass(frozen=True)
class Downloads:
    """One row of the count."""

    day: date
    product: str
    version: str
    kind: str
    downloads: int


@dataclass(frozen=True)
class Series:
    """Downloads day by day, the oldest day first; `version` None is all versions together."""

    version: str | None
    days: tuple[tuple[date, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.days)


def of_product(session: Session, product: str, since: date) -> list[Downloads]:
    """What was counted from `since` on: the newest day first, then the highest version."""
    rows = session.scalars(
        select(DownloadCount).where(DownloadCount.product == product, DownloadCount.day >= since)
    )
    found = [Downloads(row.day, row.product, row.version, row.kind, row.downloads) for row in rows]
    return sorted(found, key=lambda d: (d.day, Version.parse(d.version), d.kind), reverse=True)


def series(rows: Sequence[Downloads], today: date, days: int) -> list[Series]:
    """All versions together, then each alone, the most downloaded first; every day is there."""
    shown = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    counts: Counter[tuple[str | None, date]] = Counter()
    for row in rows:
        counts[None, row.day] += row.downloads
        counts[row.version, row.day] += row.downloads
    names = {version for version, _ in counts if version is not None}
    made = [_series(name, shown, counts) for name in names]
    made.sort(key=lambda s: (s.total, Version.parse(str(s.version))), reverse=True)
    return [_series(None, shown, counts), *made]


def by_day(rows: Sequence[Downloads]) -> list[tuple[date, str, dict[str, int], int]]:
    """The table: day, version, how many by each address, and together."""
    grouped: dict[tuple[date, str], dict[str, int]] = {}
    for row in rows:
        grouped.setdefault((row.day, row.version), {})[row.kind] = row.downloads
    return [(day, version, kinds, sum(kinds.values())) for (day, version), kinds in grouped.items()]


def _series(
    version: str | None, shown: Sequence[date], counts: Counter[tuple[str | None, date]]
) -> Series:
    return Series(version, tuple((day, counts[version, day]) for day in shown))
