"""What an installation says of publishing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SignOffOptions:
    """`required`: how many people must agree before a release is published or becomes stable."""

    required: int = 0
