"""Background work: check-ins that nobody needs any more are forgotten."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision import checkins
from storage.clock import now

PRUNE = "provision.prune-check-ins"
HOUR_S = 60 * 60


def prune(work: Work) -> None:
    """Forget what is too old, and what unknown phones left beyond a bound."""
    with work.installation.database.writing() as session:
        removed = checkins.prune(session, now())
    work.report(removed, removed)


HANDLERS: dict[str, Handler] = {PRUNE: prune}
PERIODICS = (Periodic(PRUNE, every_s=HOUR_S),)
