"""A diagnosis as a job, so that a page follows a phone that takes its time."""

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


HANDLERS: dict[str, Handler] = {DIAGNOSE: diagnose}
PERIODICS: tuple[Periodic, ...] = ()
