"""What happened to a phone: the events of one visit to the server, in order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """The steps in the life of a phone, named as an operator would tell them."""

    BOOTED = "booted"
    BOOTSTRAP = "bootstrap fetched"
    CONFIGURED = "configuration fetched"
    UNCHANGED = "configuration unchanged"
    WAITING = "waiting for its turn"
    NOT_YET = "not in the share yet"
    DOWNLOADING = "download started"
    CUT = "download cut"
    RESUMED = "download resumed"
    RESTARTED = "download restarted"
    DOWNLOADED = "download finished"
    INSTALLED = "installed"
    REFUSED = "refused"
    UNREACHABLE = "server unreachable"


class Outcome(StrEnum):
    """How a visit ended: due nothing more, given something it refuses, or not served at all.

    Not yet: the phone is not in the share of phones that get the release now.
    """

    SETTLED = "settled"
    NOT_YET = "not yet"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Event:
    at: datetime
    kind: EventKind
    detail: str = ""


@dataclass(frozen=True)
class Story:
    """One visit: its events in order, how it ended, and why where it did not end well."""

    events: tuple[Event, ...]
    outcome: Outcome
    error: str | None = None

    @property
    def kinds(self) -> tuple[EventKind, ...]:
        """The steps alone, in order."""
        return tuple(event.kind for event in self.events)


Tell = Callable[[EventKind, str], None]
