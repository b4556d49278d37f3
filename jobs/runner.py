"""The in-process runner: takes jobs from the rows and runs their handlers, one at a time.

A handler must be idempotent: after a crash its job runs again from the start.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from jobs import queue
from jobs.models import Job
from jobs.owners import is_present, present
from jobs.schedule import Periodic, is_due, submit_due
from storage.clock import now
from storage.db import DatabaseFullError
from storage.installation import Installation

IDLE_S = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Work:
    """What a handler gets: its arguments, the installation, and a way to report progress."""

    job_id: int
    arguments: Mapping[str, Any]
    actor: str
    installation: Installation
    _last_steps: list[Callable[[Session], object]] = field(default_factory=list)

    def report(self, done: int, total: int | None, note: str = "") -> None:
        """Store how many of how many, and what is being done now."""
        with self.installation.database.writing() as session:
            queue.report(session, self.job_id, done, total, note)

    def at_end(self, step: Callable[[Session], object]) -> None:
        """Have this stored in the transaction that ends the job: a kill leaves both or neither.

        What goes on as another job is submitted so. Submitted before, it would be there twice
        after a kill in between: once by each run.
        """
        self._last_steps.append(step)

    def finish(self) -> None:
        """Store that the job did what it was for."""
        with self.installation.database.writing() as session:
            for step in self._last_steps:
                step(session)
            queue.finish(session, self.job_id, now())


Handler = Callable[[Work], None]


@dataclass(frozen=True)
class Workbook:
    """Which kinds of jobs exist, who handles them, and which are periodic."""

    handlers: Mapping[str, Handler] = field(default_factory=dict)
    periodics: Sequence[Periodic] = ()


class Runner:
    """Runs jobs in one thread of this process until stopped."""

    def __init__(self, installation: Installation, workbook: Workbook) -> None:
        self._installation = installation
        self._workbook = workbook
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10) -> None:
        self._stop.set()
        self._thread.join(timeout_s)

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                with present(self._installation) as owner:
                    self._take_turns(owner)
            except (SQLAlchemyError, DatabaseFullError):
                # The database may be away for a while, or full; the runner outlives it. What it
                # was present by may have gone with the connection: it comes back by a new name.
                _log.exception("jobs-loop-failed")
                self._stop.wait(5)

    def _take_turns(self, owner: str) -> None:
        while not self._stop.is_set():
            release_orphans(self._installation)
            if not self.run_due(owner):
                self._stop.wait(IDLE_S)

    def run_due(self, owner: str) -> int:
        """Run everything that is due now; the number of jobs run."""
        database = self._installation.database
        with database.reading() as session:
            waiting = queue.is_due(session, self._workbook.handlers, now())
            periodic = is_due(session, self._workbook.periodics, now())
        if periodic:
            with database.writing() as session:
                submit_due(session, self._workbook.periodics, now())
        count = 0
        if not (waiting or periodic):
            return count
        while not self._stop.is_set() and self._run_one(owner):
            count += 1
        return count

    def _run_one(self, owner: str) -> bool:
        with self._installation.database.writing() as session:
            job = queue.claim(session, owner, self._workbook.handlers, now())
        if job is None:
            return False
        perform(self._installation, self._workbook, job)
        return True


def perform(installation: Installation, workbook: Workbook, job: Job) -> None:
    """Run the handler of a claimed job and store how it ended."""
    work = Work(job.id, job.arguments, job.actor, installation)
    log = _log.bind(job=work.job_id, kind=job.kind, request_id=job.request_id)
    try:
        workbook.handlers[job.kind](work)
    except Exception as error:
        log.exception("job-failed")
        with installation.database.writing() as session:
            queue.fail(session, work.job_id, f"{type(error).__name__}: {error}", now())
    else:
        work.finish()
        log.info("job-done")


def release_orphans(installation: Installation) -> int:
    """Give back the jobs of processes that died; the number of jobs."""
    with installation.database.reading() as session:
        owners = queue.running_owners(session)
    dead = [name for name in owners if not is_present(installation, name)]
    if not dead:
        return 0
    with installation.database.writing() as session:
        return sum(queue.release(session, name, now()) for name in dead)
