"""Configurations made ahead, as a job: after a change, the phones seen last come first.

New phones whose tokens were just issued come last (awaited.py). A turn is short and rests as long
as it computes: the processor is others' half of the time, and the writer most of it. Who dies
leaves what is stale still stale: the next turn finds it. A fetch that comes before its turn is
answered as ever.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs import queue
from jobs.models import Job, JobState
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.rendered import stale
from provision.rendered.ahead import Workshop
from provision.rendered.press_mark import press_mark
from provision.rendered.stale import Seen
from storage.clock import now
from storage.db import Database

PREPARE = "provision.prepare-configurations"
LOOK = "provision.look-for-stale-configurations"
LOOK_S = 30
#: Jobs run one at a time: after so long the others have their turn.
TURN_S = 8.0
#: Devices of one transaction, and those that are looked up at once.
BATCH = 25
_LISTED = 500
_TOLD_EVERY_S = 1.0


@dataclass(frozen=True)
class Far:
    """How far it is, in devices."""

    done: int
    total: int


def ask(session: Session, *, actor: str, now: datetime) -> None:
    """Have what is stale made anew soon; in the transaction of the change itself.

    One that waits already begins at the top again: the change may concern whom it has passed.
    """
    waiting = session.scalar(
        select(Job).where(Job.kind == PREPARE, Job.state == JobState.QUEUED).limit(1)
    )
    if waiting is None:
        queue.submit(session, PREPARE, {}, actor=actor, now=now)
    else:
        waiting.arguments = {}


def far(session: Session) -> Far | None:
    """How far the work is that goes on now, of 0 before it has counted; None when none does."""
    active = (JobState.QUEUED, JobState.RUNNING)
    job = session.scalars(
        select(Job).where(Job.kind == PREPARE, Job.state.in_(active)).order_by(Job.id.desc())
    ).first()
    return None if job is None else Far(job.progress_done, job.progress_total or 0)


def look(work: Work) -> None:
    """Find what changed by other ways than a page: commands, check-ins, rollouts, an upgrade."""
    place = work.installation
    with place.database.reading() as session:
        if _is_going_on(session) or not stale.count(session, press_mark(place)):
            return
    with place.database.writing() as session:
        ask(session, actor=work.actor, now=now())


def prepare(work: Work, turn_s: float = TURN_S) -> None:
    """One turn; what is left then is a job again."""
    end = time.monotonic() + turn_s
    workshop = Workshop.of(work.installation)
    turn = _Turn(work, workshop)
    turn.count()
    while devices := turn.next():
        begun = time.thread_time()
        workshop.prepare(devices)
        turn.passed(devices)
        if time.monotonic() >= end:
            turn.leave_the_rest()
            return
        # Not as long as it took: on a busy machine others have had that time already.
        time.sleep(time.thread_time() - begun)
    turn.tell()


class _Turn:
    """Where the work is in the order of last check-ins."""

    def __init__(self, work: Work, workshop: Workshop) -> None:
        self._work, self._workshop = work, workshop
        self._after = _read(work.arguments)
        self._listed: list[Seen] = []
        self._left, self._total = 0, int(work.arguments.get("total", 0))
        self._told_at = 0.0

    def count(self) -> None:
        """Count what is stale, and tell how far that is."""
        with self._database.reading() as session:
            self._left = stale.count(session, self._workshop.bench.press_mark)
        self._total = max(self._total, self._left)
        self.tell()

    def next(self) -> Sequence[Seen]:
        """The next devices, or none."""
        if not self._listed:
            with self._database.reading() as session:
                mark = self._workshop.bench.press_mark
                self._listed = list(stale.devices(session, mark, _LISTED, self._after))
        return self._listed[:BATCH]

    def passed(self, devices: Sequence[Seen]) -> None:
        self._listed = self._listed[len(devices) :]
        self._after = devices[-1]
        self._left = max(self._left - len(devices), 0)
        if time.monotonic() - self._told_at >= _TOLD_EVERY_S:
            self.tell()

    def tell(self) -> None:
        self._told_at = time.monotonic()
        if self._total:
            self._work.report(self._total - self._left, self._total)

    def leave_the_rest(self) -> None:
        """Go on later from here, unless somebody begins anew anyway."""
        assert self._after is not None, "a turn that ends early has passed somebody"
        told = {
            "at": self._after.at.isoformat() if self._after.at else None,
            "mac": self._after.mac,
            "total": self._total,
        }

        def go_on(session: Session) -> None:
            if _waits(session):
                return
            job = queue.submit(session, PREPARE, told, actor=self._work.actor, now=now())
            job.progress_done, job.progress_total = self._total - self._left, self._total

        self._work.at_end(go_on)

    @property
    def _database(self) -> Database:
        return self._work.installation.database


def _read(arguments: Mapping[str, Any]) -> Seen | None:
    if "at" not in arguments:
        return None
    at = arguments["at"]
    return Seen(None if at is None else datetime.fromisoformat(at), str(arguments["mac"]))


def _waits(session: Session) -> bool:
    asked = select(Job.id).where(Job.kind == PREPARE, Job.state == JobState.QUEUED)
    return session.scalar(asked.limit(1)) is not None


def _is_going_on(session: Session) -> bool:
    active = (JobState.QUEUED, JobState.RUNNING)
    asked = select(Job.id).where(Job.kind == PREPARE, Job.state.in_(active))
    return session.scalar(asked.limit(1)) is not None


HANDLERS: dict[str, Handler] = {PREPARE: prepare, LOOK: look}
PERIODICS = (Periodic(LOOK, every_s=LOOK_S),)
