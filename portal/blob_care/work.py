"""Background work: stored files are read again by turns, and what nobody needs is collected."""

from collections.abc import Sequence

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.blob_keeping import collecting, scrubbing
from storage.blob_keeping.scrubbing import Checked, ScrubOptions, Turn
from storage.clock import now

SCRUB = "storage.scrub"
SCRUB_ALL = "storage.scrub-all"
COLLECT = "storage.collect"
DAY_S = 24 * 60 * 60
#: Nothing was written to an upload for this long: it will not go on.
STALE_UPLOAD_S = 30 * 60


def scrub(work: Work) -> None:
    """Read the share of this half-hour again, and remove what broken uploads left."""
    installation = work.installation
    installation.blobs.remove_stale_temporaries(STALE_UPLOAD_S, now())
    with installation.database.reading() as session:
        turns = scrubbing.share(session, installation.option(ScrubOptions))
    _scrub(work, turns)


def scrub_all(work: Work) -> None:
    """Read everything again, because somebody asked."""
    with work.installation.database.reading() as session:
        turns = scrubbing.every(session)
    _scrub(work, turns)


def collect(work: Work) -> None:
    """Mark what nobody needs, remove what has been marked for a day."""
    installation = work.installation
    collecting.collect(installation.database, installation.blobs, now(), work.report)


def _scrub(work: Work, turns: Sequence[Turn]) -> None:
    done = 0

    def report(one: Checked) -> None:
        nonlocal done
        done += 1
        if done % scrubbing.BATCH == 0 or done == len(turns):
            work.report(done, len(turns), one.sha256[:12])

    scrubbing.scrub(work.installation.database, work.installation.blobs, turns, now, report)


HANDLERS: dict[str, Handler] = {SCRUB: scrub, SCRUB_ALL: scrub_all, COLLECT: collect}
PERIODICS = (
    Periodic(SCRUB, every_s=ScrubOptions.every_s),
    Periodic(COLLECT, every_s=DAY_S),
)
