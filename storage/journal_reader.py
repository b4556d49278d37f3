"""Folding a journal into the database: each record once, however often the reader is killed.

How far a segment was folded stands in the database, written by the transaction that took its
records. A segment whose writer has ended is deleted when all of it was taken; what a dying writer
left half written has no end of line and is no record.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import structlog
from sqlalchemy import BigInteger, Text, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from storage.clock import now
from storage.db import Base, Database, UtcDateTime
from storage.journal import SUFFIX

#: One transaction takes about this much: other writers wait no longer than that.
CHUNK_BYTES = 128 * 1024
#: The place of a segment is remembered past its deletion, in case that did not happen.
PLACE_KEPT = timedelta(days=30)

#: Takes records in their order, in the transaction that notes how far they went.
Take: TypeAlias = Callable[[Session, Sequence[bytes]], None]

#: Both have ON CONFLICT, under one name in two classes.
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

_log = structlog.get_logger(__name__)


class JournalPlace(Base):
    """How many bytes of a segment were taken; `done_at` when it ended."""

    __tablename__ = "journal_place"

    segment: Mapped[str] = mapped_column(Text, primary_key=True)
    taken_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JournalReader:
    """Folds the segments of one folder; several readers of one folder do no harm."""

    def __init__(self, database: Database, folder: Path, take: Take) -> None:
        self._database = database
        self._folder = folder
        self._take = take
        #: What was taken as far as this reader knows: an idle journal costs no transaction.
        self._taken: dict[str, int] = {}

    def fold(self) -> int:
        """Take everything that was appended until now; the number of records."""
        return sum(self._fold(path) for path in sorted(self._folder.glob(f"*{SUFFIX}")))

    def _fold(self, path: Path) -> int:
        records = 0
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            # Asked first: whatever a dead writer wrote is there by now.
            ended = _is_free(file.fileno())
            while self._lags(path, file.fileno()):
                taken = self._step(path.name, file.fileno())
                records += taken
                if not taken:
                    break
            if ended:
                self._finish(path, file.fileno())
        return records

    def _lags(self, path: Path, descriptor: int) -> bool:
        return os.fstat(descriptor).st_size > self._taken.get(path.name, 0)

    def _step(self, segment: str, descriptor: int) -> int:
        """Take the next records of a segment, in one transaction; how many."""
        with self._database.writing(lasting=False) as session:
            place = _locked(session, segment)
            start = place.taken_bytes
            lines, end = _complete(descriptor, start)
            if lines:
                self._take(session, lines)
                place.taken_bytes = start + end
        self._taken[segment] = start + end
        return len(lines)

    def _finish(self, path: Path, descriptor: int) -> None:
        """Delete a segment to which nobody will append any more."""
        rest = os.fstat(descriptor).st_size - self._taken.get(path.name, 0)
        if rest:
            _log.warning("journal-torn", segment=path.name, bytes=rest)
        # On the disk before the file is gone: a power cut must not take the only copy.
        with self._database.writing() as session:
            _locked(session, path.name).done_at = now()
            session.execute(delete(JournalPlace).where(JournalPlace.done_at < now() - PLACE_KEPT))
        path.unlink(missing_ok=True)
        self._taken.pop(path.name, None)


def _locked(session: Session, segment: str) -> JournalPlace:
    """The place of a segment, which no other reader moves until this transaction ends."""
    insert = _INSERTS[session.get_bind().dialect.name]
    new = insert(JournalPlace).values(segment=segment, taken_bytes=0)
    session.execute(new.on_conflict_do_nothing())
    query = select(JournalPlace).where(JournalPlace.segment == segment).with_for_update()
    return session.execute(query).scalar_one()


def _complete(descriptor: int, start: int) -> tuple[list[bytes], int]:
    """The whole records from byte `start` on, about a chunk of them, and their bytes."""
    size = CHUNK_BYTES
    while True:
        read = os.pread(descriptor, size, start)
        whole, line_feed, _rest = read.rpartition(b"\n")
        if line_feed or len(read) < size:
            # A record longer than a chunk is read again with more room.
            return list(_lines(whole)), len(whole) + len(line_feed)
        size *= 2


def _lines(whole: bytes) -> Iterator[bytes]:
    return (line for line in whole.split(b"\n") if line)


def _is_free(descriptor: int) -> bool:
    """Whether no writer holds the segment any more."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True
