"""Ending the resyncs that nobody carries out any more: their process is gone, or their job is."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.models import Job, JobState
from jobs.owners import is_present
from provision.resyncs import starting
from provision.resyncs.models import Resync
from provision.resyncs.vocabulary import ASK_JOB, ResyncState
from storage.clock import now
from storage.installation import Installation

#: Those from before owners were noted have none, and no job either: only their age tells.
UNOWNED_AFTER = timedelta(hours=1)


def end_left(installation: Installation, *, actor: str) -> int:
    """Stop what processes that died left under way; how many."""
    with installation.database.reading() as session:
        found = _owned(session)
        left = _unowned(session, now() - UNOWNED_AFTER)
    left += [number for number, owner in found if not is_present(installation, owner)]
    for number in left:
        with installation.database.writing() as session:
            starting.stop(session, number, actor=actor, now=now())
    return len(left)


def _owned(session: Session) -> list[tuple[int, str]]:
    """The resyncs that commands carry out, with their processes."""
    running = select(Resync.id, Resync.owner).where(
        Resync.state == ResyncState.RUNNING, Resync.owner.is_not(None)
    )
    return [(number, owner) for number, owner in session.execute(running) if owner]


def _unowned(session: Session, before: datetime) -> list[int]:
    """Those begun before `before` that neither a command nor a job carries out."""
    old = select(Resync.id).where(
        Resync.state == ResyncState.RUNNING, Resync.owner.is_(None), Resync.started_at < before
    )
    numbers = list(session.scalars(old))
    if not numbers:
        return []
    # The jobs after the resyncs: a turn's next job comes in the transaction that ends the turn.
    live = select(Job.arguments["resync"].as_integer()).where(
        Job.kind == ASK_JOB, Job.state.in_((JobState.QUEUED, JobState.RUNNING))
    )
    busy = set(session.scalars(live))
    return [number for number in numbers if number not in busy]
