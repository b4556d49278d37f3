"""How people call the states and reasons of a rollout, and what they can do about them."""

from collections.abc import Mapping

from flask_babel import gettext as _

from provision.rollouts import waves
from provision.rollouts.standing import GroupStanding
from provision.rollouts.vocabulary import GroupState, Reason, RolloutState, TargetState

Badge = tuple[str, str]


def rollout_states() -> Mapping[RolloutState, Badge]:
    """A badge for each state of a rollout."""
    return {
        RolloutState.DRAFT: ("unknown", _("Not begun")),
        RolloutState.RUNNING: ("info", _("Under way")),
        RolloutState.PAUSED: ("attention", _("On pause")),
        RolloutState.STOPPED: ("fault", _("Stopped itself")),
        RolloutState.DONE: ("good", _("Done")),
        RolloutState.ABORTED: ("unknown", _("Aborted")),
    }


def group_name(wave: str) -> str:
    """Who is in a group, as people read it; `wave` is how it was written."""
    if not wave:
        return str(_("all others"))
    site = waves.site_of(wave)
    return str(_("site: %(name)s", name=site)) if site else wave


def group_state(group: GroupStanding) -> Badge:
    """The badge of a group; one that nobody was in has passed nothing."""
    if group.state == GroupState.PASSED and not group.tally.total:
        return "unknown", _("nobody was in it")
    return group_states()[group.state]


def group_states() -> Mapping[GroupState, Badge]:
    """A badge for each state of a group."""
    return {
        GroupState.PLANNED: ("unknown", _("not begun")),
        GroupState.AWAITING: ("attention", _("awaits approval")),
        GroupState.OPEN: ("info", _("under way")),
        GroupState.PASSED: ("good", _("passed")),
    }


def target_states() -> Mapping[TargetState, Badge]:
    """A badge for each state of a phone, those that ask for a look first."""
    return {
        TargetState.FAILED: ("fault", _("failed")),
        TargetState.OFFERED: ("info", _("offered")),
        TargetState.WAITING: ("unknown", _("waits for its group")),
        TargetState.SUCCEEDED: ("good", _("succeeded")),
        TargetState.LEFT_OUT: ("attention", _("left out")),
    }


def reasons() -> Mapping[Reason, str]:
    """Each reason as a clause about the phone."""
    return {
        Reason.CAME_BACK_OLD: _("took the image and came back with the old version"),
        Reason.FETCHED_TWICE: _("took the image twice without a change"),
        Reason.SILENT: _("was not heard of before the deadline"),
        Reason.SILENT_AFTER: _("took the image and was not heard of since"),
        Reason.NOT_TAKEN: _("asked for its configuration, but did not take the image in time"),
        Reason.HELD: _("is on hold"),
        Reason.PINNED: _("is pinned to another version"),
        Reason.UNSEEN: _("never said its version or revision"),
        Reason.ALREADY: _("runs this version or a newer one already"),
        Reason.HARDWARE: _("has another hardware revision"),
        Reason.CHANNEL: _("follows a channel that does not have this release yet"),
        Reason.SHARE: _("is outside the release's signed share"),
        Reason.NO_WAY: _("no upgrade path leads to this version"),
    }
