"""Repairs as a job: reminders of offers that nobody has answered."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now
from support.repairs import quoting

REMIND = "support.remind-of-repairs"
REMIND_EVERY_S = 6 * 3600


def remind(work: Work) -> None:
    """Write to those who have to answer."""
    with work.installation.database.writing() as session:
        quoting.remind(session, work.installation, now())


HANDLERS: dict[str, Handler] = {REMIND: remind}
PERIODICS: tuple[Periodic, ...] = (Periodic(REMIND, REMIND_EVERY_S),)
