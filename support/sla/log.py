"""What happened to a support request, as its clocks see it.

The log is the truth: used time, pauses and deadlines are reckoned from it each time and counted
nowhere, so that no pause is lost when a package or a priority changes (S-11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from support.packages.package import Package, Priority, Promise, Target
from support.phrases import Phrase


class State(StrEnum):
    """Who has the next word."""

    NEW = "new"
    OPEN = "open"
    WAITING_CUSTOMER = "waiting-customer"
    WAITING_RMA_INBOUND = "waiting-rma-inbound"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REFUSED = "refused"

    @property
    def phrase(self) -> Phrase:
        return _STATES[self]

    @property
    def pauses(self) -> bool:
        """S-10: only waiting for the User, or for the User's parcel, stops a clock."""
        return self in _PAUSING

    @property
    def is_over(self) -> bool:
        """Nothing is counted any more."""
        return self in _OVER

    @property
    def is_frozen(self) -> bool:
        """What was reckoned is kept, whatever a later calendar says."""
        return self in {State.CLOSED, State.REFUSED}


_PAUSING = frozenset({State.WAITING_CUSTOMER, State.WAITING_RMA_INBOUND})
_OVER = frozenset({State.RESOLVED, State.CLOSED, State.REFUSED})
_STATES = {
    State.NEW: Phrase("Новое", "New"),
    State.OPEN: Phrase("В работе", "Open"),
    State.WAITING_CUSTOMER: Phrase("Ждём ответа", "Waiting for an answer"),
    State.WAITING_RMA_INBOUND: Phrase("Ждём телефон", "Waiting for the phone"),
    State.RESOLVED: Phrase("Решено", "Resolved"),
    State.CLOSED: Phrase("Закрыто", "Closed"),
    State.REFUSED: Phrase("Не принято", "Refused"),
}


@dataclass(frozen=True)
class Terms:
    """What is promised from an instant on. The targets are kept here as they were agreed then."""

    package: str
    priority: Priority
    targets: Mapping[Promise, Target] = field(default_factory=dict)

    @classmethod
    def of(cls, package: Package, priority: Priority) -> "Terms":
        """What the package promises at this priority; nothing for the free tier (S-5)."""
        found = {promise: package.target(priority, promise) for promise in Promise}
        return cls(
            package.code,
            priority,
            {promise: target for promise, target in found.items() if target is not None},
        )


class Deed(StrEnum):
    """A promise kept: a person's public answer (S-9), a way round, by whoever noted it."""

    ANSWERED = "answered"
    RESTORED = "restored"


@dataclass(frozen=True)
class Entry:
    """One thing at one instant: new terms, a new state, or a deed."""

    at: datetime
    terms: Terms | None = None
    state: State | None = None
    deed: Deed | None = None


@dataclass(frozen=True)
class Stretch:
    """From `start` to `end` (None: still so) nothing changed."""

    start: datetime
    end: datetime | None
    terms: Terms
    state: State
    deeds: frozenset[Deed]


class EmptyLogError(ValueError):
    """A log begins with the terms that held when the request came."""


def stretches(log: Sequence[Entry]) -> Sequence[Stretch]:
    """The log as stretches in order of time; those of no length are left out."""
    entries = sorted(log, key=lambda entry: entry.at)
    if not entries or entries[0].terms is None:
        raise EmptyLogError("the first entry has no terms")
    terms, state, deeds = entries[0].terms, State.NEW, frozenset[Deed]()
    found: list[Stretch] = []
    ends: list[datetime | None] = [*(entry.at for entry in entries[1:]), None]
    for entry, end in zip(entries, ends, strict=True):
        terms = entry.terms or terms
        state = entry.state or state
        deeds = deeds | {entry.deed} if entry.deed else deeds
        if end is None or end > entry.at:
            found.append(Stretch(entry.at, end, terms, state, deeds))
    return found
