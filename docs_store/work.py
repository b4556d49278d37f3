"""The library's jobs: taking text and pictures out of published files."""

from docs_store import reading
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now

READ_MISSED = "docs_store.read-missed"
DAY_S = 24 * 60 * 60


def read(work: Work) -> None:
    """Read one edition's file."""
    reading.read(work.installation, int(work.arguments["edition"]), now())


def read_missed(work: Work) -> None:
    """Read what no job was submitted for: editions published before there was such a job."""
    with work.installation.database.reading() as session:
        missed = reading.unread(session)
    for done, edition_id in enumerate(missed, start=1):
        reading.read(work.installation, edition_id, now())
        work.report(done, len(missed))


HANDLERS: dict[str, Handler] = {reading.READ: read, READ_MISSED: read_missed}
PERIODICS = (Periodic(READ_MISSED, every_s=DAY_S),)
