"""Periodic work: which kinds become due when. A long sleep makes one catch-up run, not a storm."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs import queue
from jobs.models import PeriodicRun


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
            queue.submit(session, periodic.kind, {}, actor="schedule", now=now)
            run.next_run = now + timedelta(seconds=periodic.every_s)
            submitted += 1
    return submitted
