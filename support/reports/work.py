"""Reports as jobs: phones in service are counted each hour, months whose repairs changed sooner."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from support.reports import fleet, tallying

COUNT = "support.count-fleet"
COUNT_EVERY_S = 3600
COUNT_REPAIRS = "support.count-repairs"
COUNT_REPAIRS_EVERY_S = 300


def count(work: Work) -> None:
    """Count the phones in service: looked at first, so that nobody waits for the count."""
    database = work.installation.database
    with database.reading() as session:
        found = fleet.counted(session)
    with database.writing() as session:
        fleet.keep(session, found)


def count_repairs(work: Work) -> None:
    """Count the months that changed, each in a transaction of its own: nobody waits for all."""
    database = work.installation.database
    with database.reading() as session:
        months = tallying.changed(session)
    for month in sorted(months, reverse=True):
        with database.writing() as session:
            tallying.count_anew(database, session, month)


HANDLERS: dict[str, Handler] = {COUNT: count, COUNT_REPAIRS: count_repairs}
PERIODICS: tuple[Periodic, ...] = (
    Periodic(COUNT, COUNT_EVERY_S),
    Periodic(COUNT_REPAIRS, COUNT_REPAIRS_EVERY_S),
)
