"""Which release one phone is due: the highest whose share it is in, one step at a time. Pure.

The server, a mirror and the phone itself give the same answer from the same signed data;
docs/vectors/ holds the rule in words and cases to check an implementation with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from catalogue.versions import Version
from firmware import paths
from firmware.paths import NothingDue, NoWay, ReleaseNode, Step


@dataclass(frozen=True)
class NotYet:
    """`version` waits: the phone is not in the share of phones that get it now."""

    version: Version


Answer: TypeAlias = Step | NothingDue | NotYet | NoWay


def goals(releases: Sequence[ReleaseNode], hardware: str) -> tuple[ReleaseNode, ...]:
    """Where phones of a revision may be led, the highest first, down to the first for everyone.

    While 2.5 goes to 5 % of phones, the others go on to the highest release before it.
    """
    found: list[ReleaseNode] = []
    for release in sorted(releases, key=lambda node: node.version, reverse=True):
        if release.is_offered_on(hardware):
            found.append(release)
            if release.share.is_everyone:
                break
    return tuple(found)


def next_due(
    running: Version,
    hardware: str,
    mac: str,
    releases: Sequence[ReleaseNode],
    pinned: Version | None = None,
) -> Answer:
    """The one answer for a phone; `releases` are those of the channel it follows.

    A phone pinned to a version goes there and nowhere else. A step on the way needs no share of
    its own: the share of the release that the phone is led to counts.
    """
    if pinned is not None:
        return _towards_pin(running, hardware, mac, releases, pinned)
    waits: Version | None = None
    for goal in goals(releases, hardware):
        if goal.version <= running:
            break
        if goal.share.holds(mac):
            return paths.next_step(running, hardware, releases, goal.version)
        waits = waits or goal.version
    return NotYet(waits) if waits else NothingDue()


def listed(releases: Sequence[ReleaseNode]) -> frozenset[Version]:
    """The releases that a channel's manifest must list for every phone to find its next step."""
    revisions = frozenset(hw for release in releases for hw in release.hardware)
    found = {goal for hardware in revisions for goal in goals(releases, hardware)}
    steps = {step for goal in found for step in paths.steps_before(goal, releases)}
    return frozenset({*steps, *(goal.version for goal in found)})


def _towards_pin(
    running: Version,
    hardware: str,
    mac: str,
    releases: Iterable[ReleaseNode],
    pinned: Version,
) -> Answer:
    graph = tuple(releases)
    answer = paths.next_step(running, hardware, graph, pinned)
    if not isinstance(answer, Step):
        return answer
    shares = [r.share for r in graph if r.version == pinned and r.is_offered_on(hardware)]
    return answer if any(share.holds(mac) for share in shares) else NotYet(pinned)
