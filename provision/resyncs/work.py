"""A resync as a job: it goes on with whom is left after a crash."""

from jobs import queue
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.resyncs import conducting
from provision.resyncs.vocabulary import ResyncState
from storage.clock import now

ASK = "provision.resync"
#: Jobs run one at a time: after so long it asks nobody more, and others have their turn.
TURN_S = 20.0


def ask(work: Work, turn_s: float = TURN_S) -> None:
    """Ask who is left for one turn; who is left then is a job again."""
    far = conducting.walk(
        work.installation,
        int(work.arguments["resync"]),
        lambda standing: work.report(standing.done, standing.phones),
        at_most_s=turn_s,
    )
    if far.state == ResyncState.RUNNING:
        with work.installation.database.writing() as session:
            queue.submit(session, ASK, work.arguments, actor=work.actor, now=now())


HANDLERS: dict[str, Handler] = {ASK: ask}
PERIODICS: tuple[Periodic, ...] = ()
