"""The words of a rollout: states of the whole, of its groups and phones, and why."""

from enum import StrEnum


class RolloutState(StrEnum):
    """PAUSED was a person's doing; STOPPED itself, at its threshold; both offer nothing."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"
    ABORTED = "aborted"


#: States in which phones that took the image are still watched.
WATCHED = (RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.STOPPED)
#: States from which it may still go on.
UNFINISHED = (RolloutState.DRAFT, *WATCHED)


class GroupState(StrEnum):
    PLANNED = "planned"
    AWAITING = "awaiting"
    OPEN = "open"
    PASSED = "passed"


class TargetState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LEFT_OUT = "left-out"


class Reason(StrEnum):
    """Why a phone failed (the first five) or is left out."""

    CAME_BACK_OLD = "came-back-old"
    FETCHED_TWICE = "fetched-twice"
    SILENT = "silent"
    SILENT_AFTER = "silent-after"
    NOT_TAKEN = "not-taken"

    HELD = "held"
    PINNED = "pinned"
    UNSEEN = "unseen"
    ALREADY = "already"
    HARDWARE = "hardware"
    CHANNEL = "channel"
    SHARE = "share"
    NO_WAY = "no-way"


#: A phone that took the image in vain is not given it again by itself: it would take it forever.
IN_VAIN = frozenset({Reason.CAME_BACK_OLD, Reason.FETCHED_TWICE})
