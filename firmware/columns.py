"""A column chart's geometry: a column for each value, and the lines of its scale. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 340, 150
LEFT, TOP, BOTTOM = 40, 10, 22
GAP = 2


@dataclass(frozen=True)
class Column:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Mark:
    """A line of the scale at `y`, for `value`."""

    y: float
    value: int


@dataclass(frozen=True)
class Chart:
    width: int
    height: int
    left: int
    columns: tuple[Column, ...]
    marks: tuple[Mark, ...]


def chart(values: Sequence[int], highest: int) -> Chart:
    """The chart of `values` on a scale that reaches `highest`, so that charts can be compared."""
    top = ceiling(max(highest, *values, 1))
    floor, room = HEIGHT - BOTTOM, HEIGHT - TOP - BOTTOM
    step = (WIDTH - LEFT) / max(len(values), 1)
    columns = tuple(
        Column(
            x=round(LEFT + index * step, 2),
            y=round(floor - room * value / top, 2),
            width=round(max(step - GAP, 1), 2),
            height=round(room * value / top, 2),
        )
        for index, value in enumerate(values)
    )
    marks = tuple(
        Mark(round(floor - room * value / top, 2), value)
        for value in sorted({0, top // 2, top})
        # Half of 5 is no line of the scale.
        if value == 0 or value * 2 != top - 1
    )
    return Chart(WIDTH, HEIGHT, LEFT, columns, marks)


def ceiling(highest: int) -> int:
    """The end of the scale: 1, 2 or 5 with zeros, not below `highest`."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power >= highest:
                return factor * power
        power *= 10
