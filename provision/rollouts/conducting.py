"""One turn of a rollout: look at its phones, judge them, stop or go on to the next group.

All of it is in the rows: whoever takes the turn may die at any moment, and the next turn sees the
same phones and comes to the same answer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices.models import Device
from provision.models import CheckIn, CheckInKind
from provision.rollouts import fleet, waves
from provision.rollouts.deciding import (
    Course,
    Outcome,
    Patience,
    Tally,
    has_passed,
    judge,
    must_stop,
)
from provision.rollouts.fitness import Fitness, Phone
from provision.rollouts.models import Rollout, RolloutGroup, RolloutTarget
from provision.rollouts.vocabulary import (
    IN_VAIN,
    WATCHED,
    GroupState,
    Reason,
    RolloutState,
    TargetState,
)

ACTOR = "rollout"
WITHDRAWN = "withdrawn"
THRESHOLD = "threshold"


@dataclass(frozen=True)
class Seen:
    """One phone of an open group, as its rows say."""

    device_id: int
    state: TargetState
    reason: Reason | None
    offered_at: datetime | None
    phone: Phone
    said_at: datetime | None
    seen_at: datetime | None


def active(session: Session) -> Sequence[int]:
    """The numbers of the rollouts that need turns."""
    query = select(Rollout.id).where(Rollout.state.in_(WATCHED)).order_by(Rollout.id)
    return session.scalars(query).all()


def take_turn(session: Session, number: int, now: datetime) -> None:
    """Bring one rollout up to what is known now."""
    rollout = session.get_one(Rollout, number, with_for_update={"of": Rollout})
    if rollout.state not in WATCHED:
        return
    fit = fleet.fitness(session, rollout.product, rollout.version)
    if rollout.state == RolloutState.RUNNING and _is_withdrawn(fit):
        _stop(session, rollout, WITHDRAWN, now)
    _take_in(session, rollout, fit, now)
    groups = _groups(session, rollout)
    for group in groups:
        if group.state in {GroupState.OPEN, GroupState.PASSED}:
            _look(session, rollout, group, fit, now)
        else:
            _seat(session, rollout, group, fit, now)
    session.flush()
    if rollout.state == RolloutState.RUNNING:
        _steer(session, rollout, groups, now)


def open_group(group: RolloutGroup, now: datetime) -> None:
    """Let a group begin: each of its phones is offered the release at this group's next look."""
    group.state = GroupState.OPEN
    group.opened_at = now


def tallies(session: Session, number: int) -> Mapping[int, Tally]:
    """What became of the phones of each group."""
    rows = session.execute(
        select(RolloutTarget.group_number, RolloutTarget.state, func.count())
        .where(RolloutTarget.rollout_id == number)
        .group_by(RolloutTarget.group_number, RolloutTarget.state)
    )
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for group, state, count in rows:
        counts[group][TargetState(state).name.lower()] = count
    return defaultdict(Tally, {group: Tally(**found) for group, found in counts.items()})


def _is_withdrawn(fit: Fitness) -> bool:
    return any(node.version == fit.target and node.withdrawn for node in fit.releases)


def _stop(session: Session, rollout: Rollout, because: str, now: datetime) -> None:
    rollout.state = RolloutState.STOPPED
    rollout.stopped_because = because
    audit.record(session, ACTOR, "rollout.stop", rollout.subject, now, because=because)


def _take_in(session: Session, rollout: Rollout, fit: Fitness, now: datetime) -> None:
    """Phones that came since, by their own place in the order."""
    written = [
        waves.parse(group.wave) if group.wave else waves.Wave()
        for group in _groups(session, rollout)
    ]
    for one in list(fleet.newcomers(session, rollout, now)):
        stop = fit.obstacle(one.phone)
        row = RolloutTarget(
            rollout_id=rollout.id,
            device_id=one.device_id,
            group_number=waves.place_of(one.member, written, rollout.salt),
            state=TargetState.LEFT_OUT if stop else TargetState.WAITING,
            reason=stop,
        )
        session.add(row)
    session.flush()


def _look(
    session: Session, rollout: Rollout, group: RolloutGroup, fit: Fitness, now: datetime
) -> None:
    """Judge the phones of an open group and store what changed."""
    seen = list(_seen(session, rollout, group, now))
    fetches = _fetches(session, rollout, group) if seen else {}
    patience = Patience(timedelta(seconds=rollout.deadline_s), timedelta(seconds=rollout.settle_s))
    changes = [
        change
        for one in seen
        if (change := _change(one, fit, fetches.get(one.device_id, ()), patience, now))
    ]
    if changes:
        session.execute(
            update(RolloutTarget), [{"rollout_id": rollout.id, **change} for change in changes]
        )


def _seat(
    session: Session, rollout: Rollout, group: RolloutGroup, fit: Fitness, now: datetime
) -> None:
    """Let phones wait for a group that has not begun once their channel has got the release."""
    promoted = fleet.left_out_by_channel(session, rollout, group.number, fit.channels, now)
    changes: list[Mapping[str, object]] = []
    for one in promoted:
        stop = fit.obstacle(one.phone)
        state = TargetState.LEFT_OUT if stop else TargetState.WAITING
        changes.append(
            {
                "rollout_id": rollout.id,
                "device_id": one.device_id,
                "state": state,
                "reason": stop,
            }
        )
    if changes:
        session.execute(update(RolloutTarget), changes)


def _change(
    one: Seen, fit: Fitness, fetches: Sequence[datetime], patience: Patience, now: datetime
) -> Mapping[str, object] | None:
    """The new row values of one phone, or None when it stays what it is."""
    if one.offered_at is not None and one.state in {TargetState.OFFERED, TargetState.FAILED}:
        ended = judge(_course(one, one.offered_at, fetches), fit.target, patience, now)
        # Who was only late is taken for what it is when it comes after all.
        late = one.state == TargetState.FAILED
        if ended is not None and (not late or ended.state == TargetState.SUCCEEDED):
            return _values(one, ended, one.offered_at, now)
        if late or fetches:
            return None
    stop = fit.obstacle(one.phone)
    if stop is not None:
        same = (one.state, one.reason) == (TargetState.LEFT_OUT, stop)
        return None if same else _values(one, Outcome(TargetState.LEFT_OUT, stop), None, now)
    if one.state == TargetState.OFFERED:
        return None
    return _values(one, Outcome(TargetState.OFFERED), now, now)


def _values(
    one: Seen, outcome: Outcome, offered_at: datetime | None, now: datetime
) -> Mapping[str, object]:
    decided = outcome.state in {TargetState.SUCCEEDED, TargetState.FAILED}
    return {
        "device_id": one.device_id,
        "state": outcome.state,
        "reason": outcome.reason,
        "offered_at": offered_at,
        "decided_at": now if decided else None,
    }


def _course(one: Seen, offered_at: datetime, fetches: Sequence[datetime]) -> Course:
    after = [at for at in fetches if at >= offered_at]
    return Course(offered_at, one.phone.firmware, one.said_at, one.seen_at, after)


def _seen(session: Session, rollout: Rollout, group: RolloutGroup, now: datetime) -> Iterator[Seen]:
    """The phones of a group that are not settled for good."""
    rows = session.execute(
        select(
            RolloutTarget.device_id,
            RolloutTarget.state,
            RolloutTarget.reason,
            RolloutTarget.offered_at,
            Device.firmware_seen_at,
            Device.last_check_in_at,
            *fleet.phone_columns(now),
        )
        .join(Device, Device.id == RolloutTarget.device_id)
        .where(
            RolloutTarget.rollout_id == rollout.id,
            RolloutTarget.group_number == group.number,
            RolloutTarget.state != TargetState.SUCCEEDED,
        )
        .where(RolloutTarget.reason.is_(None) | RolloutTarget.reason.not_in(IN_VAIN))
    )
    for number, state, reason, offered_at, said_at, seen_at, *facts in rows:
        yield Seen(
            number,
            TargetState(state),
            Reason(reason) if reason else None,
            offered_at,
            fleet.phone(*facts),
            said_at,
            seen_at,
        )


def _fetches(
    session: Session, rollout: Rollout, group: RolloutGroup
) -> Mapping[int, Sequence[datetime]]:
    """When each phone of a group ended taking a whole image while it said what it says now.

    A phone that takes steps on its way has changed between two of them; only the last counts.
    """
    rows = session.execute(
        select(CheckIn.device_id, CheckIn.finished_at)
        .join(Device, Device.id == CheckIn.device_id)
        .join(
            RolloutTarget,
            (RolloutTarget.device_id == CheckIn.device_id)
            & (RolloutTarget.rollout_id == rollout.id),
        )
        .where(
            RolloutTarget.group_number == group.number,
            CheckIn.kind == CheckInKind.FIRMWARE,
            CheckIn.at >= RolloutTarget.offered_at,
            CheckIn.complete.is_(True),
            CheckIn.firmware == Device.firmware,
        )
        .order_by(CheckIn.finished_at)
    )
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for device_id, finished_at in rows:
        if device_id is not None and finished_at is not None:
            found[device_id].append(finished_at)
    return found


def _steer(
    session: Session, rollout: Rollout, groups: Sequence[RolloutGroup], now: datetime
) -> None:
    """Stop at the threshold, or pass groups and begin the next one."""
    counts = tallies(session, rollout.id)
    for group in groups:
        if group.state == GroupState.PLANNED:
            break
        if must_stop(counts[group.number], group.forgiven, rollout.stop_percent):
            _stop(session, rollout, THRESHOLD, now)
            return
    looked_at = [group for group in groups if group.state in {GroupState.OPEN, GroupState.PASSED}]
    if _awaits_channel(session, rollout, looked_at, counts):
        return
    for group, following in zip(groups, [*groups[1:], None], strict=True):
        # One that begins in this turn was not looked at yet: what its rows say is as old as they.
        if (
            group in looked_at
            and group.state == GroupState.OPEN
            and has_passed(counts[group.number], rollout.pass_percent)
        ):
            group.state = GroupState.PASSED
            group.passed_at = now
            if following is not None:
                _begin(session, rollout, following, now)
    if all(group.state == GroupState.PASSED for group in groups) and not any(
        counts[group.number].undecided for group in groups
    ):
        rollout.state = RolloutState.DONE
        rollout.finished_at = now
        audit.record(session, ACTOR, "rollout.done", rollout.subject, now)


def _awaits_channel(
    session: Session,
    rollout: Rollout,
    looked_at: Sequence[RolloutGroup],
    counts: Mapping[int, Tally],
) -> bool:
    """Whether nobody could have the release so far because no channel of theirs has it.

    It was not promoted yet: ended now, the promotion would give it to everybody at once.
    """
    if any(counts[group.number].total for group in looked_at):
        return False
    waiting = select(RolloutTarget.device_id).where(
        RolloutTarget.rollout_id == rollout.id,
        RolloutTarget.group_number.in_([group.number for group in looked_at]),
        RolloutTarget.reason == Reason.CHANNEL,
    )
    return session.scalar(waiting.limit(1)) is not None


def _begin(session: Session, rollout: Rollout, group: RolloutGroup, now: datetime) -> None:
    if rollout.asks_approval:
        group.state = GroupState.AWAITING
        return
    open_group(group, now)
    audit.record(session, ACTOR, "rollout.group", rollout.subject, now, group=group.number + 1)


def _groups(session: Session, rollout: Rollout) -> Sequence[RolloutGroup]:
    return session.scalars(
        select(RolloutGroup)
        .where(RolloutGroup.rollout_id == rollout.id)
        .order_by(RolloutGroup.number)
    ).all()
