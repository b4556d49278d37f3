"""Reports as a job: the phones in service are counted once an hour."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from support.reports import fleet

COUNT = "support.count-fleet"
COUNT_EVERY_S = 3600


def count(work: Work) -> None:
    """Count the phones in service: looked at first, so that nobody waits for the count."""
    database = work.installation.database
    with database.reading() as session:
        found = fleet.counted(session)
    with database.writing() as session:
        fleet.keep(session, found)


HANDLERS: dict[str, Handler] = {COUNT: count}
PERIODICS: tuple[Periodic, ...] = (Periodic(COUNT, COUNT_EVERY_S),)
