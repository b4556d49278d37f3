"""Garbage collection of blobs in two phases: a tombstone now, the removal a day later.

A blob is needed while an owner has it in blob_use, or while any row of any table names it: a
column that refers to the table of blobs, or one called sha256.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import Column, ColumnElement, CursorResult, Table, or_, select, update
from sqlalchemy.orm import Session

from storage.blob_keeping.blob_models import Blob, adopt
from storage.blobs import BlobMissingError, BlobQuarantinedError, BlobStore, StoredBlob
from storage.db import Base, Database

#: As long as an upload may take from its bytes to the row that names them.
GRACE = timedelta(hours=24)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Garbage:
    """A blob that nobody needs."""

    sha256: str
    size: int
    tombstoned_at: datetime | None


@dataclass(frozen=True)
class Collected:
    """What one run did: tombstones set and lifted, blobs and bytes removed."""

    marked: int
    lifted: int
    removed: tuple[str, ...]
    freed_bytes: int


def collect(
    database: Database,
    blobs: BlobStore,
    now: datetime,
    on_removed: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    grace: timedelta = GRACE,
) -> Collected:
    """Mark what nobody needs, then remove what has been marked for longer than `grace`."""
    unknown = _without_row(database, blobs)
    with database.writing() as session:
        for blob in unknown:
            adopt(session, blob, now)
        lifted = _lift(session)
        marked = _mark(session, now) + len(unknown)
    with database.reading() as session:
        old = marked_before(session, now - grace)
    removed = []
    for done, one in enumerate(old, start=1):
        if _sweep(database, blobs, one.sha256, now - grace):
            removed.append(one)
        on_removed(done, len(old))
    freed = sum(one.size for one in removed)
    if removed:
        _log.info("blobs-collected", count=len(removed), freed_bytes=freed)
    return Collected(marked, lifted, tuple(one.sha256 for one in removed), freed)


def discard(
    database: Database, blobs: BlobStore, names: Sequence[str], now: datetime
) -> Sequence[str]:
    """Remove these bytes at once unless somebody needs them; those that are gone.

    For what must not lie about for a day. What is left by a crash is collected as usual.
    """
    before = now - timedelta(microseconds=1)
    with database.writing() as session:
        _set_tombstones(session, before, Blob.sha256.in_(names), ~_is_needed())
    return [name for name in names if _sweep(database, blobs, name, now)]


def garbage(session: Session) -> Sequence[Garbage]:
    """What nobody needs now, marked or not, the oldest tombstones first."""
    query = (
        select(Blob.sha256, Blob.size, Blob.tombstoned_at)
        .where(~_is_needed())
        .order_by(Blob.tombstoned_at, Blob.sha256)
    )
    return [Garbage(*row) for row in session.execute(query)]


def marked_before(session: Session, instant: datetime) -> Sequence[Garbage]:
    """What nobody needs and was marked before `instant`."""
    return [one for one in garbage(session) if _is_before(one.tombstoned_at, instant)]


def _is_before(tombstoned_at: datetime | None, instant: datetime) -> bool:
    return tombstoned_at is not None and tombstoned_at < instant


def _without_row(database: Database, blobs: BlobStore) -> list[StoredBlob]:
    """Stored bytes whose publisher never came to write a row."""
    names = set(blobs.names())
    with database.reading() as session:
        names.difference_update(session.scalars(select(Blob.sha256)))
    found = []
    for name in sorted(names):
        try:
            found.append(StoredBlob(name, blobs.size(name)))
        except (BlobMissingError, BlobQuarantinedError):
            continue
    return found


def _lift(session: Session) -> int:
    return _set_tombstones(session, None, Blob.tombstoned_at.is_not(None), _is_needed())


def _mark(session: Session, now: datetime) -> int:
    return _set_tombstones(session, now, Blob.tombstoned_at.is_(None), ~_is_needed())


def _set_tombstones(session: Session, value: datetime | None, *where: ColumnElement[bool]) -> int:
    statement = update(Blob).where(*where).values(tombstoned_at=value)
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


def _sweep(database: Database, blobs: BlobStore, sha256: str, before: datetime) -> bool:
    """Remove one blob if its time has come and still nobody needs it; whether it is gone.

    The row's lock is taken before its owners are asked: whoever records a use waits for us, and
    who has recorded one is seen. The bytes go before the commit: a crash between leaves a
    tombstone without bytes, which the next run ends.
    """
    with database.writing() as session:
        row = session.get(Blob, sha256, with_for_update=True)
        if row is None or not _is_before(row.tombstoned_at, before):
            return False
        if session.scalar(select(Blob.sha256).where(Blob.sha256 == sha256, _is_needed())):
            row.tombstoned_at = None
            return False
        if not blobs.remove(sha256, put_before=before):
            # Somebody put the same bytes meanwhile, and may be about to record them.
            row.tombstoned_at = None
            return False
        session.delete(row)
        return True


def _is_needed() -> ColumnElement[bool]:
    return or_(
        *(Blob.sha256.in_(select(name).where(name.is_not(None))) for name in _naming_columns())
    )


def _naming_columns() -> list[Column[Any]]:
    """Every column of every table that may name a blob."""
    blob = Base.metadata.tables[Blob.__tablename__]
    return [
        column
        for table in Base.metadata.sorted_tables
        if table is not blob
        for column in table.columns
        if column.name == "sha256" or _refers_to(blob, column)
    ]


def _refers_to(blob: Table, column: Column[Any]) -> bool:
    return any(key.references(blob) for key in column.foreign_keys)
