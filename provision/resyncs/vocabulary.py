"""The words of a resync: whom it is for, how it stands, what came of each phone (pure)."""

from enum import StrEnum

#: The job that carries a resync out, where no command does.
ASK_JOB = "provision.resync"


class Scope(StrEnum):
    """Whom a resync asks: phones by name, a site, or those of a rollout (or a group of it)."""

    DEVICES = "devices"
    SITE = "site"
    ROLLOUT = "rollout"


class ResyncState(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


class TargetState(StrEnum):
    """What came of asking one phone. Those after `silent` were not asked at all."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    # It wants a proof, and its account's password is not known here or is none it accepts.
    CHALLENGED = "challenged"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - the name of a state
    # It wants a proof at an address where it has not proved itself: nobody there gets one.
    UNPROVED = "unproved"
    SILENT = "silent"
    NO_ADDRESS = "no-address"
    NOT_ALLOWED = "not-allowed"
    NO_WAY = "no-way"
    # A secret of its profile does not open with the key of this installation.
    SEALED = "sealed"
    # Stopped before its turn came.
    LEFT = "left"
