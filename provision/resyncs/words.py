"""How people call what came of a resync, and whom it asks."""

from collections.abc import Mapping
from textwrap import wrap

from flask_babel import gettext as _

from provision.resyncs.results import Standing
from provision.resyncs.vocabulary import ResyncState, Scope, TargetState

Badge = tuple[str, str]


def resync_states() -> Mapping[ResyncState, Badge]:
    """A badge for each state of a resync."""
    return {
        ResyncState.RUNNING: ("info", _("Under way")),
        ResyncState.STOPPED: ("attention", _("Stopped")),
        ResyncState.DONE: ("good", _("Done")),
    }


def states() -> Mapping[TargetState, Badge]:
    """A badge for what came of each phone."""
    return {
        TargetState.WAITING: ("unknown", _("waits for its turn")),
        TargetState.ACCEPTED: ("good", _("accepted")),
        TargetState.REFUSED: ("fault", _("refused")),
        TargetState.CHALLENGED: ("attention", _("asks for a password that is not known here")),
        TargetState.WRONG_PASSWORD: ("attention", _("does not accept its account's password")),
        TargetState.UNPROVED: (
            "attention",
            _("asks for a password where it has not proved itself"),
        ),
        TargetState.SILENT: ("attention", _("no answer")),
        TargetState.NO_ADDRESS: ("unknown", _("its address is not known")),
        TargetState.NOT_ALLOWED: ("unknown", _("its address is in no allowed network")),
        TargetState.NO_WAY: ("unknown", _("its family has no such request")),
        TargetState.SEALED: ("fault", _("a secret of its settings does not open")),
        TargetState.LEFT: ("unknown", _("not asked: stopped before")),
    }


def scopes() -> Mapping[Scope, str]:
    """What a new resync may be about."""
    return {
        Scope.DEVICES: _("phones by name"),
        Scope.SITE: _("a site"),
        Scope.ROLLOUT: _("a rollout"),
    }


def whom(one: Standing) -> str:
    """Whom a resync asks, as a phrase."""
    if one.scope is Scope.SITE:
        return str(_("site “%(name)s”", name=one.about))
    if one.scope is Scope.DEVICES:
        return ", ".join(":".join(wrap(mac, 2)) for mac in one.about.split(", "))
    if one.group is None:
        return str(_("rollout No. %(number)s", number=one.about))
    return str(_("rollout No. %(number)s, group %(group)s", number=one.about, group=one.group))
