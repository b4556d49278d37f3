"""Certificates as a job: once a day people are told of windows that close."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now
from support.certificate_orders import reminding

REMIND = "support.remind-of-windows"
REMIND_EVERY_S = 24 * 3600


def remind(work: Work) -> None:
    """Tell of windows that close."""
    with work.installation.database.writing() as session:
        reminding.remind(session, work.installation, now())


HANDLERS: dict[str, Handler] = {REMIND: remind}
PERIODICS: tuple[Periodic, ...] = (Periodic(REMIND, REMIND_EVERY_S),)
