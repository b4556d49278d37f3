"""Background work: who asked for many unknown MACs is noted."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.newcomers import tries
from storage.clock import now

NOTE = "provision.note-many-macs"
NOTE_EACH_S = 60


def note(work: Work) -> None:
    """Look at the last minutes' first contacts."""
    with work.installation.database.writing() as session:
        found = tries.note(session, now())
    work.report(len(found), len(found))


HANDLERS: dict[str, Handler] = {NOTE: note}
PERIODICS = (Periodic(NOTE, every_s=NOTE_EACH_S),)
