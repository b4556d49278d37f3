"""A column chart keeps its columns inside and its scale round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.columns import BOTTOM, HEIGHT, TOP, WIDTH, ceiling, chart


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=90), st.integers(0, 10**7))
def test_columns_stay_inside_and_stand_as_high_as_their_values(
    values: list[int], highest: int
) -> None:
    made = chart(values, highest)
    assert len(made.columns) == len(values)
    for column in made.columns:
        assert made.left <= column.x <= column.x + column.width <= WIDTH + 1
        assert column.y >= TOP
        assert column.y + column.height == pytest.approx(HEIGHT - BOTTOM, abs=0.02)
    heights = [column.height for column in made.columns]
    assert heights.index(max(heights)) == values.index(max(values)) or len(set(heights)) < len(
        set(values)
    )
    assert made.marks[0].value == 0


@pytest.mark.parametrize(
    ("highest", "top"), [(1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (501, 1000)]
)
def test_the_scale_ends_at_a_round_number(highest: int, top: int) -> None:
    assert ceiling(highest) == top
