"""Scrubbing: stored bytes are read again by turns; what has rotted is told and never served."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.blob_keeping.blob_models import Blob
from storage.blobs import BlobStore, Health
from storage.db import Database

#: How many blobs are checked between two transactions; a crash loses no more than that.
BATCH = 20

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ScrubOptions:
    """Each blob is read again within `days`, in shares of one every `every_s` seconds."""

    days: int = 7
    every_s: int = 30 * 60

    def share(self, total: int) -> int:
        """How many of `total` blobs one run reads."""
        runs = self.days * 24 * 60 * 60 // self.every_s
        return -(-total // runs)


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


def share(session: Session, options: ScrubOptions) -> Sequence[Turn]:
    """The next share, and every blob in quarantine: it may have been put again since."""
    total = session.scalar(select(func.count()).select_from(Blob)) or 0
    bad = session.scalar(select(func.count()).where(Blob.fault.is_not(None))) or 0
    return _turns(session, options.share(total) + bad)


def scrub(
    database: Database,
    blobs: BlobStore,
    turns: Sequence[Turn],
    now: Callable[[], datetime],
    on_checked: Callable[[Checked], None] = lambda _checked: None,
) -> list[Checked]:
    """Read these blobs again, and put what is bad into quarantine; what was found of each."""
    found: list[Checked] = []
    for start in range(0, len(turns), BATCH):
        checked = []
        for turn in turns[start : start + BATCH]:
            checked.append(_checked(blobs, turn))
            on_checked(checked[-1])
        with database.writing(lasting=False) as session:
            for one in checked:
                _note(session, one, now())
        found += checked
    return found


def _turns(session: Session, limit: int | None) -> Sequence[Turn]:
    query = (
        select(Blob.sha256, Blob.size, Blob.fault)
        .order_by(Blob.fault.is_(None), Blob.checked_at.asc().nulls_first(), Blob.sha256)
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
