"""Errands: phones that a collector is asked to read, claimed once, answered once, or stale."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from provision.collectors.models import Collector, Errand
from provision.readers.ways import Via
from storage.db import Database
from storage.refusals import NotFoundError

#: An SSH session may take twenty seconds, and the collector polls every second.
PATIENCE_S = 40.0
_LOOK_EVERY_S = 0.2
#: Nobody waits for an errand any more; a collector that comes later gets none of it.
STALE_AFTER = timedelta(seconds=PATIENCE_S)
KEPT = timedelta(days=1)


class UnknownErrandError(NotFoundError):
    code = "unknown-errand"
    ru = "Такого поручения этому сборщику не давали."
    en = "This collector was given no such errand."


@dataclass(frozen=True)
class NewErrand:
    """A phone to read at its site."""

    site_id: int
    device_id: int
    via: Via
    port: int | None = None
    family: str | None = None


def post(session: Session, new: NewErrand, now: datetime) -> int:
    """Store an errand; those that nobody waits for any more are swept out."""
    session.execute(delete(Errand).where(Errand.asked_at < now - KEPT))
    row = Errand(
        site_id=new.site_id,
        device_id=new.device_id,
        via=new.via,
        port=new.port,
        family=new.family,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def claim(session: Session, collector: Collector, now: datetime) -> Errand | None:
    """The oldest errand of the collector's site that nobody has taken."""
    query = (
        select(Errand)
        .where(Errand.site_id == collector.site_id, Errand.claimed_at.is_(None))
        .where(Errand.asked_at > now - STALE_AFTER)
        .order_by(Errand.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalar(query)
    if row is not None:
        row.claimed_at, row.collector_id = now, collector.id
    return row


def answer(
    session: Session, collector: Collector, number: int, record: Mapping[str, Any], now: datetime
) -> None:
    """Keep what a collector found; the first answer counts. Raises UnknownErrandError."""
    row = session.get(Errand, number)
    if row is None or row.collector_id != collector.id:
        raise UnknownErrandError
    if row.answered_at is None:
        row.answer, row.answered_at = dict(record), now


def wait(
    database: Database, number: int, patience_s: float = PATIENCE_S
) -> Mapping[str, Any] | None:
    """The answer to an errand, None if none comes in time. No session stays open meanwhile."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        with database.reading() as session:
            found = session.scalar(select(Errand.answer).where(Errand.id == number))
        if isinstance(found, Mapping):
            return found
        time.sleep(_LOOK_EVERY_S)
    return None
