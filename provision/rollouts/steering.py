"""What people do with a rollout: start, pause, go on, approve the next group, abort, try again."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts import audit
from provision.rollouts import conducting
from provision.rollouts.models import Rollout, RolloutGroup, RolloutTarget
from provision.rollouts.vocabulary import UNFINISHED, GroupState, RolloutState, TargetState
from storage.refusals import ConflictError, NotFoundError


class UnknownRolloutError(NotFoundError):
    code = "unknown-rollout"
    ru = "Развёртывания № {number} нет."
    en = "There is no rollout {number}."


class WrongStateError(ConflictError):
    code = "rollout-state"
    ru = "Развёртывание № {number} сейчас этого не допускает: {state}."
    en = "Rollout {number} does not allow that now: it is {state}."


def start(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """Begin with the first group."""
    rollout = _in(session, number, RolloutState.DRAFT)
    rollout.state = RolloutState.RUNNING
    rollout.started_at = now
    conducting.open_group(session.get_one(RolloutGroup, (number, 0)), now)
    audit.record(session, actor, "rollout.start", rollout.subject, now)
    session.flush()
    conducting.take_turn(session, number, now)


def pause(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """Offer nothing more; phones that took the image are watched on."""
    rollout = _in(session, number, RolloutState.RUNNING)
    rollout.state = RolloutState.PAUSED
    audit.record(session, actor, "rollout.pause", rollout.subject, now)


def resume(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """Go on; the failures so far were seen, and only new ones count towards the threshold."""
    rollout = _in(session, number, RolloutState.PAUSED, RolloutState.STOPPED)
    rollout.state = RolloutState.RUNNING
    rollout.stopped_because = ""
    counts = conducting.tallies(session, number)
    for group in session.scalars(select(RolloutGroup).where(RolloutGroup.rollout_id == number)):
        group.forgiven = counts[group.number].failed
    audit.record(session, actor, "rollout.resume", rollout.subject, now)


def approve(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """Let the group that waits for it begin."""
    rollout = _in(session, number, RolloutState.RUNNING)
    group = session.scalar(
        select(RolloutGroup).where(
            RolloutGroup.rollout_id == number, RolloutGroup.state == GroupState.AWAITING
        )
    )
    if group is None:
        raise WrongStateError(number=number, state=rollout.state)
    conducting.open_group(group, now)
    audit.record(session, actor, "rollout.approve", rollout.subject, now, group=group.number + 1)
    session.flush()
    conducting.take_turn(session, number, now)


def abort(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """End it: nobody gets the release by it any more, whoever has it keeps it."""
    rollout = _in(session, number, *UNFINISHED)
    rollout.state = RolloutState.ABORTED
    rollout.finished_at = now
    audit.record(session, actor, "rollout.abort", rollout.subject, now)


def retry(session: Session, number: int, *, actor: str, now: datetime) -> int:
    """Offer the release again to the phones that failed; how many."""
    rollout = _in(session, number, RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.STOPPED)
    failed = session.scalars(
        select(RolloutTarget.device_id).where(
            RolloutTarget.rollout_id == number, RolloutTarget.state == TargetState.FAILED
        )
    ).all()
    session.execute(
        update(RolloutTarget)
        .where(RolloutTarget.rollout_id == number, RolloutTarget.state == TargetState.FAILED)
        .values(state=TargetState.OFFERED, reason=None, offered_at=now, decided_at=None)
    )
    session.execute(
        update(RolloutGroup).where(RolloutGroup.rollout_id == number).values(forgiven=0)
    )
    audit.record(session, actor, "rollout.retry", rollout.subject, now, phones=len(failed))
    return len(failed)


def get(session: Session, number: int) -> Rollout:
    """The rollout of this number; raises UnknownRolloutError."""
    found = session.get(Rollout, number)
    if found is None:
        raise UnknownRolloutError(number=number)
    return found


def _in(session: Session, number: int, *states: RolloutState) -> Rollout:
    rollout = get(session, number)
    session.refresh(rollout, with_for_update={"of": Rollout})
    if rollout.state not in states:
        raise WrongStateError(number=number, state=rollout.state)
    return rollout
