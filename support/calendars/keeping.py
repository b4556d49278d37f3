"""Which calendar is in force: the newest one imported, or the one that comes with the product."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from support.calendars import loading
from support.calendars.models import CalendarVersion
from support.work_calendar import WorkCalendar


@dataclass(frozen=True)
class KnownCalendar:
    """A calendar and its version; 0 is the one that comes with the product."""

    version: int
    calendar: WorkCalendar
    note: str = ""
    imported_at: datetime | None = None


def current(session: Session) -> KnownCalendar:
    """The calendar in force."""
    found = session.scalar(select(CalendarVersion).order_by(CalendarVersion.id.desc()).limit(1))
    if found is None:
        return KnownCalendar(0, loading.shipped())
    return KnownCalendar(found.id, _parsed(found.text), found.note, found.imported_at)


def versions(session: Session) -> Sequence[CalendarVersion]:
    """All imports, the newest first."""
    return session.scalars(select(CalendarVersion).order_by(CalendarVersion.id.desc())).all()


def put_in_force(
    session: Session,
    text: str,
    note: str,
    moved: Sequence[Mapping[str, Any]],
    *,
    actor: str,
    now: datetime,
) -> KnownCalendar:
    """Store a calendar (TOML) as the newest version; raises CalendarFileError for a bad one."""
    calendar = loading.parse("calendar.toml", text)
    row = CalendarVersion(
        text=text,
        note=note.strip()[:200],
        imported_by=actor,
        imported_at=now,
        moved=[dict(one) for one in moved],
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "calendar.import", row.subject, now, moved=len(moved))
    return KnownCalendar(row.id, calendar, row.note, now)


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> WorkCalendar:
    return loading.parse("calendar.toml", text)
