"""Submitting, claiming and finishing jobs. Every function works in the caller's transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars

from jobs.models import Job, JobState

RETRY_DELAYS_S = (5, 30, 300)
#: A job that so many processes died of, or with, is given up: it would take down the next as well.
DEATHS_MAX = 5


def submit(
    session: Session,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    max_attempts: int = 3,
    route: str = "",
) -> Job:
    """Store a job in the caller's transaction: it exists if and only if the rest does.

    Only workers that serve `route` run it where there is a broker; empty is every worker.
    """
    job = Job(
        kind=kind,
        arguments=dict(arguments),
        actor=actor,
        state=JobState.QUEUED,
        max_attempts=max_attempts,
        route=route,
        request_id=get_contextvars().get("request_id", ""),
        created_at=now,
        run_after=now,
    )
    session.add(job)
    session.flush()
    return job


def is_due(session: Session, kinds: Iterable[str], now: datetime) -> bool:
    """Whether a job waits that could run now."""
    due = select(Job.id).where(
        Job.state == JobState.QUEUED, Job.run_after <= now, Job.kind.in_(list(kinds))
    )
    return session.scalar(due.limit(1)) is not None


def claim(session: Session, owner: str, kinds: Iterable[str], now: datetime) -> Job | None:
    """Take the oldest job that is due, or None. Two owners never get the same one."""
    due = (
        select(Job.id)
        .where(Job.state == JobState.QUEUED, Job.run_after <= now, Job.kind.in_(list(kinds)))
        .order_by(Job.run_after, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job_id = session.scalar(due)
    return None if job_id is None else _begin(session, job_id, owner, now)


def claim_one(session: Session, job_id: int, owner: str, now: datetime) -> Job | None:
    """Take this job if it waits and is due, else None: a message may come twice, or too late."""
    due = (
        select(Job.id)
        .where(Job.id == job_id, Job.state == JobState.QUEUED, Job.run_after <= now)
        .with_for_update(skip_locked=True)
    )
    return None if session.scalar(due) is None else _begin(session, job_id, owner, now)


def _begin(session: Session, job_id: int, owner: str, now: datetime) -> Job:
    job = session.get_one(Job, job_id)
    job.state = JobState.RUNNING
    job.owner = owner
    job.attempts += 1
    job.started_at = now
    job.error = None
    return job


def finish(session: Session, job_id: int, now: datetime) -> None:
    """The job did what it was for."""
    job = session.get_one(Job, job_id)
    job.state = JobState.DONE
    job.owner = None
    job.finished_at = now


def fail(session: Session, job_id: int, error: str, now: datetime) -> None:
    """The attempt failed: try again later, or give up after the last attempt."""
    job = session.get_one(Job, job_id)
    job.owner = None
    job.error = error
    if job.attempts >= job.max_attempts:
        job.state = JobState.FAILED
        job.finished_at = now
    else:
        delay = RETRY_DELAYS_S[min(job.attempts, len(RETRY_DELAYS_S)) - 1]
        job.state = JobState.QUEUED
        job.dispatched_at = None
        job.run_after = now + timedelta(seconds=delay)


def report(session: Session, job_id: int, done: int, total: int | None, note: str) -> None:
    """Record how far the job is and what it does now."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(progress_done=done, progress_total=total, progress_note=note)
    )


def running_owners(session: Session) -> set[str]:
    """The owners that hold running jobs, alive or dead."""
    found = session.scalars(select(Job.owner).where(Job.state == JobState.RUNNING).distinct())
    return {owner for owner in found if owner is not None}


def release(session: Session, owner: str, now: datetime) -> int:
    """Give back what a dead owner held; the number of jobs. They run again at once.

    One that was begun DEATHS_MAX times has failed.
    """
    held = (Job.state == JobState.RUNNING, Job.owner == owner)
    said = f"the process that ran it ended, {DEATHS_MAX} times"
    given_up = update(Job).where(*held, Job.attempts >= DEATHS_MAX)
    session.execute(given_up.values(state=JobState.FAILED, owner=None, error=said, finished_at=now))
    result = session.execute(
        update(Job)
        .where(*held)
        .values(state=JobState.QUEUED, owner=None, run_after=now, dispatched_at=None)
    )
    return cast("CursorResult[Any]", result).rowcount
