"""A diagnosis as a job, so that a page follows a phone that takes its time."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.models import Job, JobState
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.diagnosis import conducting
from storage.clock import now

DIAGNOSE = "provision.diagnose"


def diagnose(work: Work) -> None:
    """Ask and weigh; a diagnosis that is finished stays as it is."""
    number = int(work.arguments["diagnosis"])

    def told(step: int) -> None:
        with work.installation.database.writing() as session:
            conducting.note_step(session, number, step)
        work.report(step, conducting.STEPS)

    conducting.run(work.installation, number, now(), told)
    work.report(conducting.STEPS, conducting.STEPS)


def gave_up(session: Session, number: int) -> bool:
    """Whether the job of this diagnosis failed for the last time: its end will not come."""
    failed = select(Job.id).where(
        Job.state == JobState.FAILED,
        Job.kind == DIAGNOSE,
        Job.arguments["diagnosis"].as_integer() == number,
    )
    return session.scalar(failed.limit(1)) is not None


HANDLERS: dict[str, Handler] = {DIAGNOSE: diagnose}
PERIODICS: tuple[Periodic, ...] = ()
