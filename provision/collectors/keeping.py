"""Collectors in the records: made with a token that is shown once, seen, and revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import Site
from provision.collectors.models import Collector
from storage.refusals import NotFoundError, RefusedError

_PREFIX = "fpc_"
#: A collector asks every second or two: one that was not heard for so long is away.
AWAY_AFTER = timedelta(seconds=30)


class UnknownCollectorError(NotFoundError):
    code = "unknown-collector"
    ru = "Сборщика № {number} нет."
    en = "There is no collector No. {number}."


class CollectorTokenError(RefusedError):
    code = "collector-token"
    ru = "Ключ сборщика не принят."
    en = "The collector's token is not accepted."


@dataclass(frozen=True)
class CollectorSummary:
    """A collector for pages and programs."""

    id: int
    site: str
    created_at: datetime
    last_seen_at: datetime | None
    last_address: str | None
    is_revoked: bool
    is_here: bool


def add(session: Session, site: Site, *, actor: str, now: datetime) -> str:
    """A new collector of a site; its token exists nowhere else."""
    token = _PREFIX + secrets.token_urlsafe(32)
    row = Collector(site_id=site.id, token_sha256=_digest(token), created_by=actor, created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, actor, "collector.add", row.subject, now, site=site.name)
    return token


def revoke(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """End its token at once; raises UnknownCollectorError."""
    row = session.get(Collector, number)
    if row is None:
        raise UnknownCollectorError(number=number)
    if row.revoked_at is None:
        row.revoked_at = now
        audit.record(session, actor, "collector.revoke", row.subject, now, site=row.site.name)


def every(session: Session, now: datetime) -> Sequence[CollectorSummary]:
    """All collectors, the newest last."""
    rows = session.scalars(select(Collector).order_by(Collector.id))
    return [
        CollectorSummary(
            id=row.id,
            site=row.site.name,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            last_address=row.last_address,
            is_revoked=row.revoked_at is not None,
            is_here=_is_here(row, now),
        )
        for row in rows
    ]


def of_token(session: Session, token: str, address: str, now: datetime) -> Collector:
    """Whose live token this is, noted as seen now; raises CollectorTokenError."""
    row = session.scalar(select(Collector).where(Collector.token_sha256 == _digest(token)))
    if row is None or row.revoked_at is not None:
        raise CollectorTokenError
    row.last_seen_at, row.last_address = now, address
    return row


def serves(session: Session, site_id: int | None, now: datetime) -> bool:
    """Whether a collector of this site is there now."""
    if site_id is None:
        return False
    rows = session.scalars(select(Collector).where(Collector.site_id == site_id))
    return any(_is_here(row, now) for row in rows)


def _is_here(row: Collector, now: datetime) -> bool:
    seen = row.last_seen_at
    return row.revoked_at is None and seen is not None and now - seen <= AWAY_AFTER


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
