"""Requests as jobs: people are told of deadlines in time, and what is resolved is closed."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now
from support.requests import escalating

WATCH = "support.watch-requests"
WATCH_EVERY_S = 60


def watch(work: Work) -> None:
    """Tell of every level of a promise that was reached; close what was resolved long ago."""
    with work.installation.database.writing() as session:
        escalating.tell(session, work.installation, now())
    with work.installation.database.writing() as session:
        escalating.close_resolved(session, now())


HANDLERS: dict[str, Handler] = {WATCH: watch}
PERIODICS: tuple[Periodic, ...] = (Periodic(WATCH, WATCH_EVERY_S),)
