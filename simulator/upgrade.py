"""The phone's own judgement of its next release, from the signed manifest alone.

The vendor's server, a mirror and the phone must agree: docs/vectors/ holds the rule in words and
the cases that all of them pass.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulator.refusal import RefusedError
from simulator.version_order import Place, place

_SLOTS = 10_000


class WrongStepError(RefusedError):
    """The order is no step that the signed manifest leads this phone over."""


class Verdict(StrEnum):
    """`take` comes with a version; `stuck`: the goal is known and no release leads there."""

    TAKE = "take"
    SETTLED = "settled"
    NOT_YET = "not-yet"
    STUCK = "stuck"


@dataclass(frozen=True)
class Offered:
    """A release as the manifest tells of it; `percent` and `salt` are its share of phones."""

    version: str
    hardware: frozenset[str]
    min_from: str | None = None
    withdrawn: bool = False
    broken: frozenset[str] = frozenset()
    percent: float = 100.0
    salt: str = ""

    @property
    def place(self) -> Place:
        return place(self.version)


@dataclass(frozen=True)
class Asking:
    """The phone that looks for its next step; `mac` is 12 lower-case hex digits."""

    running: str
    hardware: str
    mac: str


@dataclass(frozen=True)
class Decision:
    """`version` is the release to take, or the one that the phone waits for."""

    verdict: Verdict
    version: str | None = None


def slot(salt: str, mac: str) -> int:
    """The phone's place 0-9999 in the queue that `salt` shuffles."""
    digest = hashlib.sha256(f"{salt}:{mac}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _SLOTS


def is_in(salt: str, mac: str, percent: float) -> bool:
    """Whether the phone is among the first `percent` of phones."""
    return slot(salt, mac) < round(percent * 100)


def next_release(
    asking: Asking, releases: Sequence[Offered], floors: Mapping[str, str]
) -> Decision:
    """What the phone does now: the highest goal whose share it is in, by one step."""
    usable = _usable(asking, releases, floors)
    waits: str | None = None
    for goal in _goals(asking, usable):
        if is_in(goal.salt, asking.mac, goal.percent):
            step = _first_step(asking, usable, goal)
            return Decision(Verdict.TAKE, step) if step else Decision(Verdict.STUCK, goal.version)
        waits = waits or goal.version
    return Decision(Verdict.NOT_YET, waits) if waits else Decision(Verdict.SETTLED)


def judge(
    ordered: str, asking: Asking, releases: Sequence[Offered], floors: Mapping[str, str]
) -> Verdict:
    """Whether an order may be followed now: TAKE or NOT_YET; WrongStepError for anything else.

    The order need not be the step towards the highest goal, as the server may have pinned the
    phone to a lower one; it must be the first step towards some release of the manifest.
    """
    usable = _usable(asking, releases, floors)
    above = [goal for goal in usable if goal.place > place(asking.running)]
    led = [
        goal
        for goal in above
        if (step := _first_step(asking, usable, goal)) and place(step) == place(ordered)
    ]
    if not led:
        raise WrongStepError(f"no way leads {asking.running} over {ordered}")
    if any(is_in(goal.salt, asking.mac, goal.percent) for goal in led):
        return Verdict.TAKE
    return Verdict.NOT_YET


def _usable(
    asking: Asking, releases: Sequence[Offered], floors: Mapping[str, str]
) -> list[Offered]:
    floor = floors.get(asking.hardware)
    return [
        release
        for release in releases
        if asking.hardware in release.hardware
        and not release.withdrawn
        and asking.hardware not in release.broken
        and (floor is None or release.place >= place(floor))
    ]


def _goals(asking: Asking, usable: Sequence[Offered]) -> list[Offered]:
    """From the highest down to the first that everyone gets, as far as they are upgrades."""
    found: list[Offered] = []
    for release in sorted(usable, key=lambda offered: offered.place, reverse=True):
        if release.place <= place(asking.running):
            break
        found.append(release)
        if release.percent >= 100:
            break
    return found


def _first_step(asking: Asking, usable: Sequence[Offered], goal: Offered) -> str | None:
    """The first of the steps that lead to `goal`, each the highest allowed; None without a way."""
    at, first = place(asking.running), None
    while at != goal.place:
        allowed = [r for r in usable if at < r.place <= goal.place and _takes(r, at)]
        if not allowed:
            return None
        taken = max(allowed, key=lambda offered: offered.place)
        first, at = first or taken.version, taken.place
    return first


def _takes(release: Offered, running: Place) -> bool:
    return release.min_from is None or running >= place(release.min_from)
