"""A bar chart's geometry: one bar under each other, all on one scale (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, ROW, BAR = 680, 30, 16
LEFT, RIGHT = 190, 84
#: A longer name is cut in the picture; the table has all of it.
NAME_MAX = 24


@dataclass(frozen=True)
class Bar:
    """`x` to `x + width` is the bar, `text_y` where its words stand; `value` is what it shows."""

    name: str
    value: str
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


def chart(values: Sequence[tuple[str, float, str]]) -> BarChart:
    """The chart of (name, measure, the measure in words); the longest bar fills the width."""
    most = max((measure for _name, measure, _said in values), default=0.0) or 1.0
    room = WIDTH - LEFT - RIGHT
    bars = tuple(
        Bar(
            name=name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…",
            value=said,
            y=index * ROW + (ROW - BAR) // 2,
            text_y=index * ROW + ROW // 2 + 5,
            width=round(room * measure / most, 2),
        )
        for index, (name, measure, said) in enumerate(values)
    )
    return BarChart(WIDTH, ROW * len(values), LEFT, BAR, bars)
