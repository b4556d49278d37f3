"""Rollouts go on by themselves: every few seconds each one takes a turn."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision.rollouts import conducting
from storage.clock import now

CONDUCT = "provision.conduct-rollouts"
EVERY_S = 15


def conduct(work: Work) -> None:
    """One turn of each rollout that is under way, a transaction each."""
    database = work.installation.database
    with database.reading() as session:
        numbers = conducting.active(session)
    for number in numbers:
        with database.writing() as session:
            conducting.take_turn(session, number, now())


HANDLERS: dict[str, Handler] = {CONDUCT: conduct}
PERIODICS = (Periodic(CONDUCT, every_s=EVERY_S),)
