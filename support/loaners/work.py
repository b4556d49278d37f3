"""Loaners as a job: reminders of those that are due back."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now
from support.loaners import lending

REMIND = "support.remind-of-loaners"
REMIND_EVERY_S = 6 * 3600


def remind(work: Work) -> None:
    """Write to those who have to give one back."""
    with work.installation.database.writing() as session:
        lending.remind(session, work.installation, now())


HANDLERS: dict[str, Handler] = {REMIND: remind}
PERIODICS: tuple[Periodic, ...] = (Periodic(REMIND, REMIND_EVERY_S),)
