"""The bar of a group: its phones by what became of them, and the line at which it stops. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from provision.rollouts.deciding import Tally

WIDTH = 600


@dataclass(frozen=True)
class Piece:
    """A part of a bar; `kind` is how it is coloured."""

    kind: str
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    """Failures stand first, so that they grow towards the line at `limit`."""

    pieces: Sequence[Piece]
    limit: float


def bar(tally: Tally, forgiven: int, stop_percent: float) -> Bar:
    """A group as a bar of WIDTH units."""
    counts = (
        ("fault", tally.failed),
        ("good", tally.succeeded),
        ("info", tally.offered),
        ("waiting", tally.waiting),
    )
    total = max(tally.total, 1)
    pieces: list[Piece] = []
    at = 0.0
    for kind, count in counts:
        if count:
            width = round(WIDTH * count / total, 1)
            pieces.append(Piece(kind, count, at, width))
            at = round(at + width, 1)
    return Bar(pieces, _limit(total, forgiven, stop_percent))


def failures(tally: Tally, forgiven: int, stop_percent: float) -> Bar:
    """The failures of a group alone, against the line."""
    whole = bar(tally, forgiven, stop_percent)
    return Bar([piece for piece in whole.pieces if piece.kind == "fault"], whole.limit)


def _limit(total: int, forgiven: int, stop_percent: float) -> float:
    return round(min(WIDTH * (stop_percent / 100 + forgiven / total), WIDTH), 1)
