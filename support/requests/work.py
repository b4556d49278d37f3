"""Requests as jobs: letters are fetched, deadlines told of in time, what is resolved is closed."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now
from support.requests import escalating, mail_fetching

WATCH = "support.watch-requests"
WATCH_EVERY_S = 60
FETCH = "support.fetch-mail"
FETCH_EVERY_S = 60


def watch(work: Work) -> None:
    """Tell of every level of a promise that was reached; close what was resolved long ago."""
    with work.installation.database.writing() as session:
        escalating.tell(session, work.installation, now())
    with work.installation.database.writing() as session:
        escalating.close_resolved(session, now())


def fetch(work: Work) -> None:
    """Visit the mailbox, if the settings name one."""
    mail_fetching.fetch(work.installation, now())


HANDLERS: dict[str, Handler] = {WATCH: watch, FETCH: fetch}
PERIODICS: tuple[Periodic, ...] = (
    Periodic(WATCH, WATCH_EVERY_S),
    Periodic(FETCH, FETCH_EVERY_S),
)
