"""Periodic work: which kinds become due when. A long sleep makes one catch-up run, not a storm."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from jobs import queue
from jobs.models import Job, JobState, PeriodicRun

#: Work that runs more often than this would fill the list of jobs: only its last runs stay there.
OFTEN_S = 600
RUNS_KEPT = 3
ACTOR = "schedule"


@dataclass(frozen=True)
class Periodic:
    """A kind of job that is submitted every `every_s` seconds."""

    kind: str
    every_s: int


def is_due(session: Session, periodics: Iterable[Periodic], now: datetime) -> bool:
    """Whether some periodic kind's time has come (or it has never run)."""
    runs = {run.kind: run.next_run for run in session.scalars(select(PeriodicRun))}
    return any(runs.get(periodic.kind, now) <= now for periodic in periodics)


def submit_due(session: Session, periodics: Iterable[Periodic], now: datetime) -> int:
    """Submit each periodic kind whose time has come; the number submitted."""
    submitted = 0
    for periodic in periodics:
        run = session.get(PeriodicRun, periodic.kind, with_for_update=True)
        if run is None:
            run = PeriodicRun(kind=periodic.kind, next_run=now)
            session.add(run)
        if run.next_run <= now:
            if periodic.every_s < OFTEN_S:
                _forget_runs(session, periodic, now)
            queue.submit(session, periodic.kind, {}, actor=ACTOR, now=now)
            run.next_run = now + timedelta(seconds=periodic.every_s)
            submitted += 1
    return submitted


def _forget_runs(session: Session, periodic: Periodic, now: datetime) -> None:
    """Delete what was done well before; what failed stays to be seen."""
    before = now - timedelta(seconds=periodic.every_s * RUNS_KEPT)
    done = (Job.kind == periodic.kind, Job.actor == ACTOR, Job.state == JobState.DONE)
    session.execute(delete(Job).where(*done, Job.finished_at < before))
