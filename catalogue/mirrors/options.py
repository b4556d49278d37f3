"""What an installation says of its upstream; no library of the way there is loaded with it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MirrorOptions:
    """`url` is what the periodic job copies ("" for nothing).

    A connection that is silent for `silence_s`, or that brought fewer than `least_bytes_s` bytes a
    second over `patience_s`, is given up; what it brought is kept for the next try.
    """

    url: str = ""
    silence_s: float = 30.0
    patience_s: float = 30.0
    least_bytes_s: int = 2_000
    tries: int = 3
