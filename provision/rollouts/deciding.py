"""What became of a phone that was offered a release, and whether the rollout may go on. Pure.

A phone cannot report. It is judged by what it does next: the version that it says when it proves
itself, its silence, and whole images taken without a change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalogue.versions import BadVersionError, Version
from provision.rollouts.vocabulary import Reason, TargetState


@dataclass(frozen=True)
class Patience:
    """How long a phone may take in all, and how long it may restart after it took the image."""

    deadline: timedelta
    settle: timedelta


@dataclass(frozen=True)
class Course:
    """What is known of one phone since it was offered the release.

    `firmware` is the application version that it said last while proved, at `said_at`; `fetches`
    are the ends of whole downloads during which it said the version that it still runs.
    """

    offered_at: datetime
    firmware: str | None
    said_at: datetime | None
    seen_at: datetime | None
    fetches: Sequence[datetime] = ()


@dataclass(frozen=True)
class Outcome:
    state: TargetState
    reason: Reason | None = None


SUCCEEDED = Outcome(TargetState.SUCCEEDED)


def judge(course: Course, target: Version, patience: Patience, now: datetime) -> Outcome | None:
    """How it ended for a phone, or None while that is open.

    O-1 it says the target or a higher version: success. O-2 it took the image, had time to
    restart, and came back old: failure. O-3 it took the image twice and says the same: failure.
    O-4 nothing was heard of it, or nothing since it took the image, or it never took it, for
    longer than the deadline: failure.
    """
    if _says(course, target):
        return SUCCEEDED
    if not course.fetches:
        late = now >= course.offered_at + patience.deadline
        return Outcome(TargetState.FAILED, _untaken(course)) if late else None
    reason = _after_taking(course, patience, now)
    return Outcome(TargetState.FAILED, reason) if reason else None


def _untaken(course: Course) -> Reason:
    heard = course.seen_at is not None and course.seen_at >= course.offered_at
    return Reason.NOT_TAKEN if heard else Reason.SILENT


def _after_taking(course: Course, patience: Patience, now: datetime) -> Reason | None:
    taken_at = course.fetches[0]
    if len(course.fetches) > 1:
        return Reason.FETCHED_TWICE
    if course.seen_at is not None and course.seen_at >= taken_at + patience.settle:
        return Reason.CAME_BACK_OLD
    return Reason.SILENT_AFTER if now >= taken_at + patience.deadline else None


@dataclass(frozen=True)
class Tally:
    """A group's phones by what became of them; those left out count nowhere."""

    waiting: int = 0
    offered: int = 0
    succeeded: int = 0
    failed: int = 0
    left_out: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.offered + self.succeeded + self.failed

    @property
    def undecided(self) -> int:
        return self.waiting + self.offered


def must_stop(tally: Tally, forgiven: int, stop_percent: float) -> bool:
    """T-1: new failures have reached the threshold, as a share of the group's phones."""
    fresh = tally.failed - forgiven
    return fresh > 0 and fresh * 100 >= stop_percent * tally.total


def has_passed(tally: Tally, pass_percent: float) -> bool:
    """T-2: enough of the group succeeded for the next to begin, or nothing of it is open."""
    return tally.undecided == 0 or tally.succeeded * 100 >= pass_percent * tally.total


def _says(course: Course, target: Version) -> bool:
    if course.firmware is None or course.said_at is None or course.said_at < course.offered_at:
        return False
    try:
        return Version.parse(course.firmware) >= target
    except BadVersionError:
        return False
