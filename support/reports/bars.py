"""A bar chart's geometry: one bar under each other, all on one scale (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, ROW, BAR = 680, 30, 16
LEFT, RIGHT = 190, 84
#: A longer name is cut in the picture; the table has all of it.
NAME_MAX = 24


@dataclass(frozen=True)
class Value:
    """What a bar shows, and where it leads; nowhere without an address."""

    name: str
    count: int
    address: str = ""


@dataclass(frozen=True)
class Bar:
    """`width` is the bar's, `text_y` where its words stand; `name` is cut, `whole` is not."""

    name: str
    whole: str
    value: str
    address: str
    y: int
    text_y: int
    width: float


@dataclass(frozen=True)
class BarChart:
    width: int
    height: int
    left: int
    thick: int
    bars: tuple[Bar, ...]


def chart(values: Sequence[Value]) -> BarChart:
    """The chart of these; the longest bar fills the width."""
    most = max((one.count for one in values), default=0) or 1
    room = WIDTH - LEFT - RIGHT
    bars = tuple(
        Bar(
            name=_cut(one.name),
            whole=one.name,
            value=str(one.count),
            address=one.address,
            y=index * ROW + (ROW - BAR) // 2,
            text_y=index * ROW + ROW // 2 + 5,
            width=round(room * one.count / most, 2),
        )
        for index, one in enumerate(values)
    )
    return BarChart(WIDTH, ROW * len(values), LEFT, BAR, bars)


def _cut(name: str) -> str:
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"
