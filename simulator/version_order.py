"""How a phone compares versions: dotted numbers, perhaps alpha, beta or rc, perhaps a build."""

import re
from typing import TypeAlias

from simulator.refusal import RefusedError

_FORM = re.compile(r"([0-9]+(?:\.[0-9]+)*)(?:-?(alpha|beta|rc)([0-9]+))?(?:\+([0-9]+))?")
_STAGES = {"alpha": 0, "beta": 1, "rc": 2, None: 3}

Place: TypeAlias = tuple[tuple[int, ...], int, int, int]


class UnreadableVersionError(RefusedError):
    """A version that the phone cannot compare with its own."""


def place(version: str) -> Place:
    """Where a version stands among all: a pre-release before its release, a build after it."""
    match = _FORM.fullmatch(version) if len(version) <= 16 else None
    if match is None:
        raise UnreadableVersionError(f"no version: {version[:32]!r}")
    numbers = [int(number) for number in match[1].split(".")]
    # 2.4 and 2.4.0 are one version.
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), _STAGES[match[2]], int(match[3] or 0), int(match[4] or 0)
