"""What is known of versions beyond their releases: shipped, broken, the floor. Pure.

A factory ships versions that were never published here, a version turns out to be one that phones
must leave, and a vulnerability sets a floor below which nothing is offered any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from catalogue.versions import Version
from firmware.paths import ReleaseNode


class MarkKind(StrEnum):
    """Shipped: phones left the factory with it. Broken: phones must leave it and never get it.

    Floor: nothing below it is offered.
    """

    SHIPPED = "shipped"
    BROKEN = "broken"
    FLOOR = "floor"


@dataclass(frozen=True)
class Mark:
    """What is known of a version; `hardware` is one revision, None every one."""

    kind: MarkKind
    version: Version
    hardware: str | None = None
    reason: str = ""

    def holds_on(self, hardware: str) -> bool:
        return self.hardware in {None, hardware}


def marked(releases: Iterable[ReleaseNode], marks: Sequence[Mark]) -> tuple[ReleaseNode, ...]:
    """The releases with what the marks say of each, revision by revision."""
    return tuple(
        replace(
            release,
            broken=frozenset(hw for hw in release.hardware if _is_broken(release, hw, marks)),
            below_floor=frozenset(hw for hw in release.hardware if _is_below(release, hw, marks)),
        )
        for release in releases
    )


def floor(marks: Iterable[Mark], hardware: str) -> Version | None:
    """The lowest version that a revision is offered; the highest of several floors counts."""
    return max(_versions(marks, hardware, MarkKind.FLOOR), default=None)


def broken(marks: Iterable[Mark], hardware: str) -> frozenset[Version]:
    """The versions that phones of this revision must leave."""
    return frozenset(_versions(marks, hardware, MarkKind.BROKEN))


def in_the_field(marks: Sequence[Mark], hardware: str) -> tuple[Version, ...]:
    """The marked versions that some phone of this revision may run."""
    shipped = _versions(marks, hardware, MarkKind.SHIPPED)
    return tuple(sorted({*shipped, *broken(marks, hardware)}))


def _versions(marks: Iterable[Mark], hardware: str, kind: MarkKind) -> list[Version]:
    return [mark.version for mark in marks if mark.kind is kind and mark.holds_on(hardware)]


def _is_broken(release: ReleaseNode, hardware: str, marks: Sequence[Mark]) -> bool:
    return release.version in broken(marks, hardware)


def _is_below(release: ReleaseNode, hardware: str, marks: Sequence[Mark]) -> bool:
    lowest = floor(marks, hardware)
    return lowest is not None and release.version < lowest
