"""A large table as a job; after a crash it is confirmed again, and what was stored is skipped."""

import time

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.enrolment import importing, kept, table
from provision.enrolment.importing import Source
from storage.clock import now

IMPORT = "provision.import"
TOLD_EVERY_S = 1.0


def import_table(work: Work) -> None:
    """Read, judge and store; a row that does not fit fails the job and nothing is stored."""
    place = work.installation
    sha256, name = str(work.arguments["sha256"]), str(work.arguments["name"])
    read = table.read(kept.opened(place, sha256))
    source, at, far = Source(name, sha256), now(), _Far(work, len(read.entries), name)
    with importing.taking_in(place, read, source, actor=work.actor, now=at, tell=far.tell):
        pass
    work.report(far.total, far.total, name)


class _Far:
    """Tells how far a table is, not oftener than people look."""

    def __init__(self, work: Work, total: int, name: str) -> None:
        self._work, self.total, self._name = work, total, name
        self._told_at = time.monotonic()

    def tell(self, steps: int) -> None:
        """`steps` of two for each row; the last tenth is the storing itself."""
        if time.monotonic() - self._told_at >= TOLD_EVERY_S:
            self._told_at = time.monotonic()
            self._work.report(steps * 9 // 20, self.total, self._name)


HANDLERS: dict[str, Handler] = {IMPORT: import_table}
PERIODICS: tuple[Periodic, ...] = ()
