"""Scrubbing: stored bytes are read again by turns; what has rotted is told and never served."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.blob_keeping.blob_models import Blob
from storage.blobs import BlobStore, Health
from storage.db import Database

#: How many blobs are checked between two transactions; a crash loses no more than that.
BATCH = 20

_log = structlog.get_logger(__name__)


#: What was written or read last the longest ago; what was written was compared with its name then.
_seen_at = func.coalesce(Blob.checked_at, Blob.stored_at)


@dataclass(frozen=True)
class ScrubOptions:
    """Each blob is read again within `days`, in shares of one every `every_s` seconds.

    No more than `bytes_per_s` are read on average, so that others have most of the disk.
    """

    days: int = 1
    every_s: int = 30 * 60
    bytes_per_s: int = 64 * 1024**2

    def share(self, total: int) -> int:
        """How many of `total` blobs one run reads: one run's time is left, as runs come late."""
        runs = self.days * 24 * 60 * 60 // self.every_s - 1
        return -(-total // runs)

    def late_before(self, now: datetime) -> datetime:
        """What was seen before this would not be in time if it waited for the run after next."""
        return now - timedelta(days=self.days) + 2 * timedelta(seconds=self.every_s)


@dataclass(frozen=True)
class Checked:
    """One blob, read again. `healed` means that it was bad the last time and is good now."""

    sha256: str
    size: int
    health: Health
    healed: bool


@dataclass(frozen=True)
class Turn:
    """A blob whose turn it is."""

    sha256: str
    size: int
    was_bad: bool


def every(session: Session) -> Sequence[Turn]:
    """All blobs, those first that nobody has looked at for the longest."""
    return _turns(session, None)


def share(session: Session, options: ScrubOptions, now: datetime) -> Sequence[Turn]:
    """The next share, and every blob in quarantine: it may have been put again since.

    After a time in which nobody read, it is all that would be late else.
    """
    total = session.scalar(select(func.count()).select_from(Blob)) or 0
    bad = session.scalar(select(func.count()).where(Blob.fault.is_not(None))) or 0
    late = select(func.count()).where(Blob.fault.is_(None), _seen_at < options.late_before(now))
    return _turns(session, max(options.share(total), session.scalar(late) or 0) + bad)


def rest(session: Session, count: int) -> Sequence[Turn]:
    """What a turn that ended early has left: so many that nobody has looked at for the longest."""
    query = select(Blob.sha256, Blob.size, Blob.fault).order_by(_seen_at, Blob.sha256)
    return [Turn(sha, size, bool(bad)) for sha, size, bad in session.execute(query.limit(count))]


def scrub(
    database: Database,
    blobs: BlobStore,
    turns: Sequence[Turn],
    now: Callable[[], datetime],
    on_checked: Callable[[Checked], None] = lambda _checked: None,
    is_over: Callable[[], bool] = lambda: False,
) -> list[Checked]:
    """Read these blobs again, and put what is bad into quarantine; what was found of each.

    It ends early once `is_over`, asked after each blob.
    """
    found: list[Checked] = []
    noted = 0
    for turn in turns:
        found.append(_checked(blobs, turn))
        on_checked(found[-1])
        ends = len(found) == len(turns) or is_over()
        if ends or len(found) - noted == BATCH:
            with database.writing(lasting=False) as session:
                for one in found[noted:]:
                    _note(session, one, now())
            noted = len(found)
        if ends:
            break
    return found


def _turns(session: Session, limit: int | None) -> Sequence[Turn]:
    query = (
        select(Blob.sha256, Blob.size, Blob.fault)
        .order_by(Blob.fault.is_(None), _seen_at, Blob.sha256)
        .limit(limit)
    )
    return [Turn(sha, size, fault is not None) for sha, size, fault in session.execute(query)]


def _checked(blobs: BlobStore, turn: Turn) -> Checked:
    health = blobs.check(turn.sha256)
    if health is not Health.GOOD and not blobs.quarantine(turn.sha256):
        health = Health.GOOD
    if health is not Health.GOOD and not turn.was_bad:
        _log.error("blob-bad", sha256=turn.sha256, size=turn.size, found=str(health))
    return Checked(turn.sha256, turn.size, health, healed=turn.was_bad and health is Health.GOOD)


def _note(session: Session, one: Checked, at: datetime) -> None:
    row = session.get(Blob, one.sha256)
    if row is None:
        # Collected while it was read.
        return
    row.checked_at = at
    if one.health is Health.GOOD:
        row.fault = row.fault_found_at = None
    elif row.fault is None:
        # A damaged file lies aside from now on, so the next look would call it missing.
        row.fault, row.fault_found_at = one.health, at
