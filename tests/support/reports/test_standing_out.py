"""Early warning: what stands out, and what is too little to say anything."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reports.repair_lines import RepairLine
from support.reports.spread import Spread
from support.reports.standing_out import RULE, at_least, standing_out


def a_line(lot: str, failures: int, phones: int, product: str = "FP-B2") -> RepairLine:
    return RepairLine(
        (product, lot), phones, failures, failures, 0, failures, {}, 0, 0, Spread(),
        0, 0, Decimal(0),
    )  # fmt: skip


def out(*lines: RepairLine) -> list[str]:
    found = standing_out(lines, {line.key: line.phones for line in lines})
    return [one.key[1] for one in found]


BAD, REST = a_line("25W46", 20, 500), a_line("25W30", 20, 2000)


def test_a_lot_that_fails_four_times_as_often_stands_out_with_what_would_be_usual() -> None:
    [found] = standing_out([BAD, REST], {BAD.key: 500, REST.key: 2000})
    assert found.key == ("FP-B2", "25W46")
    assert (found.others_rate, found.expected) == (0.01, 5.0)
    assert found.chance < 0.001


@pytest.mark.parametrize(
    "line",
    [
        a_line("25W46", RULE.failures - 1, 60),
        a_line("25W46", 40, RULE.phones - 1),
        a_line("25W46", 9, 500),
        a_line("", 40, 500),
    ],
    ids=["few failures", "few phones", "not twice the rate", "no lot"],
)
def test_too_little_or_not_much_worse_says_nothing(line: RepairLine) -> None:
    assert out(line, REST) == []


def test_twice_the_rate_by_chance_says_nothing() -> None:
    # 6 where 2.5 would be usual happens to one lot in twenty-five.
    assert out(a_line("25W46", 6, 250), REST) == []


def test_other_products_are_no_comparison() -> None:
    assert out(BAD, replace(REST, key=("FP-C1", "25W30"))) == []


def test_lots_that_never_failed_are_compared_with() -> None:
    found = standing_out([BAD], {BAD.key: 500, ("FP-B2", "25W30"): 2000})
    assert [one.others_rate for one in found] == [0.0]
    assert standing_out([BAD], {BAD.key: 500}) == []


@given(st.integers(0, 60), st.floats(0.01, 40))
def test_more_events_are_never_likelier_than_fewer(count: int, expected: float) -> None:
    assert 0.0 <= at_least(count + 1, expected) <= at_least(count, expected) + 1e-12 <= 1.0 + 2e-12


def test_the_chance_is_poissons() -> None:
    assert at_least(1, 1.0) == pytest.approx(0.6321205588)
    assert at_least(6, 2.5) == pytest.approx(0.0420210, abs=1e-6)
    assert (at_least(0, 0.0), at_least(3, 0.0)) == (1.0, 0.0)
