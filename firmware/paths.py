"""The upgrade graph: which release a phone takes next, and whether every phone can get there.

A phone goes only upwards, never to a withdrawn release, never to one that is not made for its
hardware revision, and at each step to the highest release that its version allows.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalogue.versions import Version

_BEFORE_ALL = Version.parse("0alpha0")


@dataclass(frozen=True)
class ReleaseNode:
    """What a path needs to know of a release.

    `hardware` lists every revision it is made for: an empty set fits no phone. `channels` are all
    those it was ever promoted to, so that a superseded release can still be a step.
    """

    version: Version
    hardware: frozenset[str]
    min_from: Version | None = None
    withdrawn: bool = False
    channels: frozenset[str] = frozenset()

    def takes(self, version: Version) -> bool:
        """Whether a phone that runs `version` may install this release directly."""
        return version < self.version and (self.min_from is None or version >= self.min_from)


class Reason(enum.StrEnum):
    UNKNOWN_TARGET = "unknown-target"
    WITHDRAWN = "withdrawn"
    DOWNGRADE = "downgrade"
    HARDWARE = "hardware"
    DEAD_END = "dead-end"


_REASON_RU = {
    Reason.UNKNOWN_TARGET: "выпуска {target} нет",
    Reason.WITHDRAWN: "выпуск {target} отозван",
    Reason.DOWNGRADE: "{target} ниже установленной {recipient}, а понижать версию нельзя",
    Reason.HARDWARE: "выпуск {target} не подходит к ревизии {hardware}",
    Reason.DEAD_END: "после {stuck_at} нет шага, который ведёт к {target}",
}
_REASON_EN = {
    Reason.UNKNOWN_TARGET: "there is no release {target}",
    Reason.WITHDRAWN: "release {target} is withdrawn",
    Reason.DOWNGRADE: "{target} is older than {recipient}, and a phone is never taken down",
    Reason.HARDWARE: "release {target} is not made for hardware revision {hardware}",
    Reason.DEAD_END: "after {stuck_at} no step leads to {target}",
}


@dataclass(frozen=True)
class Step:
    """The one release to install next; `remaining` more follow it before the target is reached."""

    version: Version
    remaining: int


@dataclass(frozen=True)
class NothingDue:
    """The phone already runs the target."""


@dataclass(frozen=True)
class NoWay:
    """Why the target cannot be reached; `stuck_at` is how far the phone would get."""

    reason: Reason
    recipient: Version
    target: Version
    hardware: str
    stuck_at: Version

    def text(self, language: str) -> str:
        """The reason for a reader of `language` ("ru" or "en"), as a clause without a full stop."""
        template = (_REASON_RU if language == "ru" else _REASON_EN)[self.reason]
        return template.format(
            recipient=self.recipient,
            target=self.target,
            hardware=self.hardware or "—",
            stuck_at=self.stuck_at,
        )


class Fault(enum.StrEnum):
    LOOP = "loop"
    DEAD_END = "dead-end"
    WITHDRAWN_STEP = "withdrawn-step"


_FAULT_RU = {
    Fault.LOOP: "ревизия {hardware}: {version} требует {blocked_by}, то есть себя или более новую",
    Fault.DEAD_END: "ревизия {hardware}: с {version} нельзя дойти до {blocked_by}",
    Fault.WITHDRAWN_STEP: "ревизия {hardware}: с {version} вёл только отозванный {blocked_by}",
}
_FAULT_EN = {
    Fault.LOOP: "revision {hardware}: {version} requires {blocked_by}, itself or a newer one",
    Fault.DEAD_END: "revision {hardware}: {blocked_by} cannot be reached from {version}",
    Fault.WITHDRAWN_STEP: "revision {hardware}: only withdrawn {blocked_by} led on from {version}",
}


@dataclass(frozen=True)
class Problem:
    """A place where phones get stuck.

    `version` is the release that loops, else the version that a phone starts from; `blocked_by` is
    the requirement that loops, the target out of reach, or the withdrawn step.
    """

    fault: Fault
    hardware: str
    version: Version
    blocked_by: Version

    def text(self, language: str) -> str:
        """The problem for a reader of `language` ("ru" or "en"), as a clause."""
        template = (_FAULT_RU if language == "ru" else _FAULT_EN)[self.fault]
        return template.format(
            hardware=self.hardware, version=self.version, blocked_by=self.blocked_by
        )


def in_channel(releases: Iterable[ReleaseNode], channel: str) -> tuple[ReleaseNode, ...]:
    """The releases that phones following `channel` may be led over."""
    return tuple(release for release in releases if channel in release.channels)


def latest(releases: Iterable[ReleaseNode], hardware: str) -> Version | None:
    """The highest release that is not withdrawn and fits `hardware`: where its phones should be."""
    return max((release.version for release in _usable(releases, hardware)), default=None)


def path_to(
    recipient_version: Version, hardware: str, releases: Sequence[ReleaseNode], target: Version
) -> tuple[Version, ...] | NoWay:
    """Every release to install on the way to `target`, in order; empty when the phone runs it.

    Taking the highest allowed release each time finds a way whenever one exists: a higher version
    is allowed all that a lower one is.
    """
    if recipient_version == target:
        return ()
    reason = _refusal(recipient_version, hardware, releases, target)
    if reason is not None:
        return NoWay(reason, recipient_version, target, hardware, recipient_version)
    climbed = _climb(recipient_version, target, _usable(releases, hardware))
    if target in climbed:
        return climbed
    reached = climbed[-1] if climbed else recipient_version
    return NoWay(Reason.DEAD_END, recipient_version, target, hardware, reached)


def next_step(
    recipient_version: Version, hardware: str, releases: Sequence[ReleaseNode], target: Version
) -> Step | NothingDue | NoWay:
    """The one release that a phone takes next towards `target`; no step if it cannot get there.

    `hardware` is the phone's revision; an unknown one ("") fits no release. Which releases count
    is the caller's choice (see `in_channel`).
    """
    path = path_to(recipient_version, hardware, releases, target)
    if isinstance(path, NoWay):
        return path
    return Step(path[0], remaining=len(path) - 1) if path else NothingDue()


def steps_before(target: ReleaseNode, releases: Sequence[ReleaseNode]) -> tuple[Version, ...]:
    """The releases that some phone below `target.min_from` installs on its way, in rising order.

    The `steps` of a manifest: with these and the target alone a phone finds the same next step as
    with all releases.
    """
    # What a phone may take changes only at a version or a min_from, so these stand for all phones.
    starts = {_BEFORE_ALL, *(release.version for release in releases)}
    starts |= {release.min_from for release in releases if release.min_from is not None}
    steps: set[Version] = set()
    for hardware in target.hardware:
        for start in starts:
            path = path_to(start, hardware, releases, target.version)
            steps.update(() if isinstance(path, NoWay) else path[:-1])
    return tuple(sorted(steps))


def check(
    releases: Sequence[ReleaseNode], shipped_versions: Iterable[Version], hardware: str
) -> list[Problem]:
    """What keeps a phone of this revision from the latest release; empty when all is well.

    Looks from every version in `shipped_versions` (left the factory with it) and from every
    release that fits, the withdrawn ones too: phones run them.
    """
    fitting = [release for release in releases if hardware in release.hardware]
    problems = [
        Problem(Fault.LOOP, hardware, release.version, release.min_from)
        for release in _usable(fitting, hardware)
        if release.min_from is not None and release.min_from >= release.version
    ]
    target = latest(fitting, hardware)
    if target is None:
        return problems
    starts = {*shipped_versions, *(release.version for release in fitting)}
    stuck = (_stuck(start, hardware, fitting, target) for start in sorted(starts))
    return problems + [problem for problem in stuck if problem is not None]


def _stuck(
    start: Version, hardware: str, fitting: Sequence[ReleaseNode], target: Version
) -> Problem | None:
    path = path_to(start, hardware, fitting, target)
    if not isinstance(path, NoWay) or path.reason is Reason.DOWNGRADE:
        return None
    restored = _climb(path.stuck_at, target, fitting)
    if target not in restored:
        return Problem(Fault.DEAD_END, hardware, start, target)
    # No sound release takes the phone at stuck_at, so the first step from there is a withdrawn one.
    return Problem(Fault.WITHDRAWN_STEP, hardware, start, restored[0])


def _usable(releases: Iterable[ReleaseNode], hardware: str) -> list[ReleaseNode]:
    return [r for r in releases if hardware in r.hardware and not r.withdrawn]


def _refusal(
    recipient: Version, hardware: str, releases: Sequence[ReleaseNode], target: Version
) -> Reason | None:
    named = [release for release in releases if release.version == target]
    if not named:
        return Reason.UNKNOWN_TARGET
    if recipient > target:
        return Reason.DOWNGRADE
    fitting = [release for release in named if hardware in release.hardware]
    if not fitting:
        return Reason.HARDWARE
    return Reason.WITHDRAWN if all(release.withdrawn for release in fitting) else None


def _climb(start: Version, target: Version, releases: Sequence[ReleaseNode]) -> tuple[Version, ...]:
    """The steps upwards from `start`, up to `target` or to where no release takes the phone."""
    taken: list[Version] = []
    at = start
    while allowed := [r.version for r in releases if r.version <= target and r.takes(at)]:
        at = max(allowed)
        taken.append(at)
    return tuple(taken)
