"""A resync as a job: it goes on with whom is left after a crash; a command's ends with it."""

from jobs import queue
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.resyncs import conducting, leaving
from provision.resyncs.vocabulary import ASK_JOB, ResyncState
from storage.clock import now

ASK = ASK_JOB
LOOK = "provision.look-for-left-resyncs"
LOOK_S = 15
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
        work.at_end(
            lambda session: queue.submit(session, ASK, work.arguments, actor=work.actor, now=now())
        )


def look(work: Work) -> None:
    """End what a command that was killed left under way."""
    leaving.end_left(work.installation, actor=work.actor)


HANDLERS: dict[str, Handler] = {ASK: ask, LOOK: look}
PERIODICS = (Periodic(LOOK, every_s=LOOK_S),)
