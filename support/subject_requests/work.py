"""Requests about personal data as a job: the team is told before a term closes."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now
from support.subject_requests import keeping

REMIND = "support.remind-of-subject-requests"
REMIND_EVERY_S = 3600


def remind(work: Work) -> None:
    """Tell of every level that was reached."""
    with work.installation.database.writing() as session:
        keeping.remind(session, work.installation, now())


HANDLERS: dict[str, Handler] = {REMIND: remind}
PERIODICS: tuple[Periodic, ...] = (Periodic(REMIND, REMIND_EVERY_S),)
