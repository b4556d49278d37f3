"""What the broker's messages are made from: the rows that wait, told to it again until they run.

The broker carries ids only and may lose or repeat them: whether a job runs is decided by its row.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from jobs import schedule
from jobs.models import Job, JobState
from jobs.runner import Workbook, release_orphans
from storage.clock import now
from storage.installation import Installation

#: A job that waits for so long after the broker was told of it is told again: messages get lost
#: with a broker that restarts, and one too many costs a query.
TELL_AGAIN_AFTER = timedelta(minutes=2)
#: How many jobs one look takes, so that a long queue is not one long transaction.
AT_ONCE = 500


@dataclass(frozen=True)
class Message:
    """What the broker is told: which row, and for which workers."""

    job_id: int
    route: str


def dispatch(
    installation: Installation, workbook: Workbook, send: Callable[[Message], None]
) -> int:
    """Tell the broker of every job that is due; the number told.

    What cannot be sent raises, and is told again later.
    """
    release_orphans(installation)
    with installation.database.writing() as session:
        if schedule.is_due(session, workbook.periodics, now()):
            schedule.submit_due(session, workbook.periodics, now())
        messages = take_due(session, workbook.handlers, now())
    for message in messages:
        send(message)
    return len(messages)


def take_due(session: Session, kinds: Iterable[str], at: datetime) -> list[Message]:
    """Mark the due jobs as told and return them; two dispatchers never take the same one."""
    found = session.scalars(
        select(Job)
        .where(
            Job.state == JobState.QUEUED,
            Job.run_after <= at,
            Job.kind.in_(list(kinds)),
            or_(Job.dispatched_at.is_(None), Job.dispatched_at <= at - TELL_AGAIN_AFTER),
        )
        .order_by(Job.run_after, Job.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for job in found:
        job.dispatched_at = at
    return [Message(job.id, job.route) for job in found]
