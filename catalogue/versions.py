"""Firmware versions: one scheme for every product, with a total order.

A version is dotted numbers, then perhaps a pre-release (alpha, beta or rc with its number, after
a hyphen or not), then perhaps `+` and a build number: 2.4.1, 2.5-rc1, 2.5rc1, 2.4.1+15.
"""

import enum
import re
from dataclasses import dataclass, field
from typing import Self

from storage.refusals import RefusedError

MAX_LENGTH = 16  # ASCII characters: the version field of an image header
_SHOWN_LENGTH = 32
# `-15` is refused: one half of the world reads it as a pre-release, the other as a build.
_SCHEME = re.compile(
    r"(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-?(?P<stage>alpha|beta|rc)(?P<stage_number>[0-9]+))?"
    r"(?:\+(?P<build>[0-9]+))?"
)


class BadVersionError(RefusedError):
    code = "bad-version"
    field = "version"
    ru = (
        "«{version}» — не версия прошивки. Подходят, например, 2.4.1, 2.5-rc1, 2.4.1+15; "
        "не длиннее 16 знаков."
    )
    en = (
        "“{version}” is not a firmware version. These are: 2.4.1, 2.5-rc1, 2.4.1+15; "
        "no longer than 16 characters."
    )


class Stage(enum.IntEnum):
    """How far a version is from its release, in the order they follow each other."""

    ALPHA = 0
    BETA = 1
    RC = 2
    RELEASE = 3


@dataclass(frozen=True, order=True)
class Version:
    """A parsed version; `str()` gives it as it was written, comparing looks only at its meaning.

    Numbers compare as numbers and missing ones are zero (2.4 == 2.4.0 < 2.4.2 < 2.4.10); vendors
    pad with zeros (05.20.0001), so 05 is 5. A pre-release comes before its release. A build comes
    after the same version without one, and no build is build 0.
    """

    numbers: tuple[int, ...]  # without the zeros at its end
    stage: Stage
    stage_number: int
    build: int
    text: str = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The version written as `text`; raises BadVersionError for anything else."""
        match = _SCHEME.fullmatch(text) if len(text) <= MAX_LENGTH else None
        if match is None:
            raise BadVersionError(version=_shown(text))
        stage = match["stage"]
        return cls(
            numbers=_without_end_zeros(match["numbers"]),
            stage=Stage[stage.upper()] if stage else Stage.RELEASE,
            stage_number=int(match["stage_number"] or 0),
            build=int(match["build"] or 0),
            text=text,
        )

    @property
    def canonical(self) -> str:
        """The one spelling that all equal versions share (2.4 for 2.4.0): a key for storage."""
        numbers = ".".join(map(str, self.numbers)) or "0"
        is_release = self.stage is Stage.RELEASE
        stage = "" if is_release else f"{self.stage.name.lower()}{self.stage_number}"
        return numbers + stage + (f"+{self.build}" if self.build else "")

    @property
    def is_prerelease(self) -> bool:
        return self.stage is not Stage.RELEASE

    def __str__(self) -> str:
        return self.text


def _without_end_zeros(dotted: str) -> tuple[int, ...]:
    numbers = [int(number) for number in dotted.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _shown(text: str) -> str:
    """Enough of a refused text to recognise it; it may come from a hostile phone."""
    shown = "".join(char if char.isprintable() else "�" for char in text[:_SHOWN_LENGTH])
    return shown if len(text) <= _SHOWN_LENGTH else shown + "…"
