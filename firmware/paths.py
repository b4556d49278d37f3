"""The upgrade graph: which release a phone takes next, and whether every phone can get there.

A phone goes only upwards, never to a release that is withdrawn, known to be broken or below the
floor, never to one that is not made for its hardware revision, and at each step to the highest
release that its version allows.
"""

import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from catalogue.versions import Version
from firmware.offers import EVERYONE, Share

_BEFORE_ALL = Version.parse("0alpha0")


@dataclass(frozen=True)
class ReleaseNode:
    """What a path needs to know of a release.

    `hardware` lists every revision it is made for: an empty set fits no phone. `channels` are all
    those it was ever promoted to, so that a superseded release can still be a step. `broken` and
    `below_floor` name revisions on which a mark forbids it (firmware/version_marks/marks.py).
    """

    version: Version
    hardware: frozenset[str]
    min_from: Version | None = None
    withdrawn: bool = False
    channels: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    below_floor: frozenset[str] = frozenset()
    share: Share = EVERYONE

    def is_offered_on(self, hardware: str) -> bool:
        """Whether phones of this revision may be given it at all."""
        forbidden = hardware in self.broken or hardware in self.below_floor
        return hardware in self.hardware and not self.withdrawn and not forbidden

    def takes(self, version: Version) -> bool:
        """Whether a phone that runs `version` may install this release directly."""
        return version < self.version and (self.min_from is None or version >= self.min_from)


class Reason(enum.StrEnum):
    UNKNOWN_TARGET = "unknown-target"
    WITHDRAWN = "withdrawn"
    BROKEN = "broken"
    BELOW_FLOOR = "below-floor"
    DOWNGRADE = "downgrade"
    HARDWARE = "hardware"
    DEAD_END = "dead-end"


_REASON_RU = {
    Reason.UNKNOWN_TARGET: "выпуска {target} нет",
    Reason.WITHDRAWN: "выпуск {target} отозван",
    Reason.BROKEN: "выпуск {target} на ревизии {hardware} неисправен",
    Reason.BELOW_FLOOR: "выпуск {target} ниже порога ревизии {hardware}",
    Reason.DOWNGRADE: "{target} ниже установленной {recipient}, а понижать версию нельзя",
    Reason.HARDWARE: "выпуск {target} не подходит к ревизии {hardware}",
    Reason.DEAD_END: "после {stuck_at} нет шага, который ведёт к {target}",
}
_REASON_EN = {
    Reason.UNKNOWN_TARGET: "there is no release {target}",
    Reason.WITHDRAWN: "release {target} is withdrawn",
    Reason.BROKEN: "release {target} is known to be broken on hardware revision {hardware}",
    Reason.BELOW_FLOOR: "release {target} is below the floor of hardware revision {hardware}",
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
    FORBIDDEN_STEP = "forbidden-step"
    STUCK_ON_BROKEN = "stuck-on-broken"


_FAULT_RU = {
    Fault.LOOP: "ревизия {hardware}: {version} требует {blocked_by}, то есть себя или более новую",
    Fault.DEAD_END: "ревизия {hardware}: с {version} нельзя дойти до {blocked_by}",
    Fault.WITHDRAWN_STEP: "ревизия {hardware}: с {version} вёл только отозванный {blocked_by}",
    Fault.FORBIDDEN_STEP: (
        "ревизия {hardware}: с {version} вёл только {blocked_by}, а он неисправен или ниже порога"
    ),
    Fault.STUCK_ON_BROKEN: (
        "ревизия {hardware}: неисправная {version} есть у телефонов, а новее {blocked_by} нет"
    ),
}
_FAULT_EN = {
    Fault.LOOP: "revision {hardware}: {version} requires {blocked_by}, itself or a newer one",
    Fault.DEAD_END: "revision {hardware}: {blocked_by} cannot be reached from {version}",
    Fault.WITHDRAWN_STEP: "revision {hardware}: only withdrawn {blocked_by} led on from {version}",
    Fault.FORBIDDEN_STEP: (
        "revision {hardware}: only {blocked_by} led on from {version}, broken or below the floor"
    ),
    Fault.STUCK_ON_BROKEN: (
        "revision {hardware}: phones run broken {version}, and there is none above {blocked_by}"
    ),
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
    """The highest release that is offered on `hardware`: where its phones should be."""
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
    releases: Sequence[ReleaseNode],
    shipped_versions: Iterable[Version],
    hardware: str,
    broken_versions: Collection[Version] = (),
) -> list[Problem]:
    """What keeps a phone of this revision from the latest release; empty when all is well.

    Looks from every version in `shipped_versions` (left the factory with it) and from every
    release that fits, the withdrawn and broken ones too: phones run them.
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
    broken = {*broken_versions, *(r.version for r in fitting if hardware in r.broken)}
    starts = {*shipped_versions, *broken, *(release.version for release in fitting)}
    stuck = (_stuck(start, hardware, fitting, target, broken) for start in sorted(starts))
    return problems + [problem for problem in stuck if problem is not None]


def _stuck(
    start: Version,
    hardware: str,
    fitting: Sequence[ReleaseNode],
    target: Version,
    broken: Collection[Version],
) -> Problem | None:
    if start in broken and start >= target:
        return Problem(Fault.STUCK_ON_BROKEN, hardware, start, target)
    path = path_to(start, hardware, fitting, target)
    if not isinstance(path, NoWay) or path.reason is Reason.DOWNGRADE:
        return None
    restored = _climb(path.stuck_at, target, fitting)
    if target not in restored:
        return Problem(Fault.DEAD_END, hardware, start, target)
    # No sound release takes the phone at stuck_at, so the first step from there is no sound one.
    (*_others, first) = [release for release in fitting if release.version == restored[0]]
    fault = Fault.WITHDRAWN_STEP if first.withdrawn else Fault.FORBIDDEN_STEP
    return Problem(fault, hardware, start, first.version)


def _usable(releases: Iterable[ReleaseNode], hardware: str) -> list[ReleaseNode]:
    return [release for release in releases if release.is_offered_on(hardware)]


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
    if any(release.is_offered_on(hardware) for release in fitting):
        return None
    if all(release.withdrawn for release in fitting):
        return Reason.WITHDRAWN
    return Reason.BROKEN if any(hardware in r.broken for r in fitting) else Reason.BELOW_FLOOR


def _climb(start: Version, target: Version, releases: Sequence[ReleaseNode]) -> tuple[Version, ...]:
    """The steps upwards from `start`, up to `target` or to where no release takes the phone."""
    taken: list[Version] = []
    at = start
    while allowed := [r.version for r in releases if r.version <= target and r.takes(at)]:
        at = max(allowed)
        taken.append(at)
    return tuple(taken)
