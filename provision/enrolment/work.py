"""A large table as a job; after a crash it is confirmed again, and what was stored is skipped."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.enrolment import importing, kept, table
from provision.enrolment.importing import Source
from storage.clock import now

IMPORT = "provision.import"


def import_table(work: Work) -> None:
    """Read, judge and store; a row that does not fit fails the job and nothing is stored."""
    place = work.installation
    sha256, name = str(work.arguments["sha256"]), str(work.arguments["name"])
    read = table.read(kept.opened(place, sha256))
    total = len(read.entries)
    work.report(total // 10, total, name)
    # Looked at before the lock is taken: a table that does not fit keeps no writer waiting.
    with place.database.reading() as session:
        importing.require_fit(importing.look(session, place, read, now()))
    work.report(total // 2, total, name)
    with place.database.writing() as session:
        source = Source(name, sha256)
        importing.take_in(session, place, read, source, actor=work.actor, now=now())
    work.report(total, total, name)


HANDLERS: dict[str, Handler] = {IMPORT: import_table}
PERIODICS: tuple[Periodic, ...] = ()
