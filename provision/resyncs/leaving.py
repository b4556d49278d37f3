"""Ending the resyncs whose process is gone: nobody asks on their behalf any more."""

from sqlalchemy import select

from jobs.owners import is_present
from provision.resyncs import starting
from provision.resyncs.models import Resync
from provision.resyncs.vocabulary import ResyncState
from storage.clock import now
from storage.installation import Installation


def end_left(installation: Installation, *, actor: str) -> int:
    """Stop what processes that died left under way; how many."""
    running = select(Resync.id, Resync.owner).where(
        Resync.state == ResyncState.RUNNING, Resync.owner.is_not(None)
    )
    with installation.database.reading() as session:
        found = [(number, owner) for number, owner in session.execute(running) if owner]
    left = [number for number, owner in found if not is_present(installation, owner)]
    for number in left:
        with installation.database.writing() as session:
            starting.stop(session, number, actor=actor, now=now())
    return len(left)
