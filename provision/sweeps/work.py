"""A sweep as a job: it goes on with what is left after a crash."""

from jobs import queue
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.sweeps import conducting
from provision.sweeps.models import SweepState
from storage.clock import now

WALK = "provision.sweep"
#: Jobs run one at a time: after so long a sweep lets the others have their turn.
TURN_S = 20.0


def walk(work: Work) -> None:
    """Ask what is left for one turn; what is left then is a job again."""
    far = conducting.walk(
        work.installation,
        int(work.arguments["sweep"]),
        lambda standing: work.report(standing.scanned, standing.addresses),
        at_most_s=TURN_S,
    )
    if far.state == SweepState.RUNNING:
        work.at_end(
            lambda session: queue.submit(session, WALK, work.arguments, actor=work.actor, now=now())
        )


HANDLERS: dict[str, Handler] = {WALK: walk}
PERIODICS: tuple[Periodic, ...] = ()
