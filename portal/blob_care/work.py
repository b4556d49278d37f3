"""Background work: stored files are read again by turns, and what nobody needs is collected."""

import time
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs import queue
from jobs.models import Job, JobState
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from portal import tables
from storage.blob_keeping import collecting, scrubbing
from storage.blob_keeping.scrubbing import Checked, ScrubOptions, Turn
from storage.clock import now

#: A blob is garbage if no table names it: all of them must be known, not those in use here.
TABLES = tables.metadata
SCRUB = "storage.scrub"
SCRUB_ALL = "storage.scrub-all"
COLLECT = "storage.collect"
DAY_S = 24 * 60 * 60
#: Nothing was written to an upload for this long: it will not go on.
STALE_UPLOAD_S = 30 * 60
#: Jobs run one at a time: after so long the others have their turn.
TURN_S = 8.0


def scrub(work: Work, turn_s: float = TURN_S) -> None:
    """Read the share of this half-hour again, and remove what broken uploads left."""
    installation = work.installation
    if "left" not in work.arguments:
        installation.blobs.remove_stale_temporaries(STALE_UPLOAD_S, now())
    with installation.database.reading() as session:
        if "left" in work.arguments:
            turns = scrubbing.rest(session, int(work.arguments["left"]))
        elif _goes_on(session):
            # So much is stored, or so slowly read, that the last share is not through yet.
            return
        else:
            turns = scrubbing.share(session, installation.option(ScrubOptions), now())
    _take_turn(work, SCRUB, turns, turn_s)


def scrub_all(work: Work, turn_s: float = TURN_S) -> None:
    """Read everything again, because somebody asked."""
    with work.installation.database.reading() as session:
        left = work.arguments.get("left")
        turns = scrubbing.every(session) if left is None else scrubbing.rest(session, int(left))
    _take_turn(work, SCRUB_ALL, turns, turn_s)


def collect(work: Work) -> None:
    """Mark what nobody needs, remove what has been marked for a day."""
    installation = work.installation
    collecting.collect(installation.database, installation.blobs, now(), work.report)


def _take_turn(work: Work, kind: str, turns: Sequence[Turn], turn_s: float) -> None:
    """Read for one turn, no faster than the options say; what is left then is a job again."""
    rate = work.installation.option(ScrubOptions).bytes_per_s
    began, size, done = time.monotonic(), 0, 0
    total = max(int(work.arguments.get("total", 0)), len(turns))
    before = total - len(turns)

    def report(one: Checked) -> None:
        nonlocal size, done
        size, done = size + one.size, done + 1
        if done % scrubbing.BATCH == 0:
            work.report(before + done, total, one.sha256[:12])
        time.sleep(max(min(size / rate, turn_s) - (time.monotonic() - began), 0))

    def is_over() -> bool:
        return time.monotonic() - began >= turn_s

    database, blobs = work.installation.database, work.installation.blobs
    scrubbing.scrub(database, blobs, turns, now, report, is_over)
    if turns:
        work.report(before + done, total)
    if done < len(turns):
        told = {"left": len(turns) - done, "total": total}
        work.at_end(lambda session: queue.submit(session, kind, told, actor=work.actor, now=now()))


def _goes_on(session: Session) -> bool:
    """Whether the rest of a share waits for its turn."""
    waiting = select(Job.id).where(
        Job.kind == SCRUB,
        Job.state.in_((JobState.QUEUED, JobState.RUNNING)),
        Job.arguments["left"].as_integer().is_not(None),
    )
    return session.scalar(waiting.limit(1)) is not None


HANDLERS: dict[str, Handler] = {SCRUB: scrub, SCRUB_ALL: scrub_all, COLLECT: collect}
PERIODICS = (
    Periodic(SCRUB, every_s=ScrubOptions.every_s),
    Periodic(COLLECT, every_s=DAY_S),
)
