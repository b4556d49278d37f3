"""The statistics by which answers are judged to take equally long."""

import math
import random

import pytest

from tests.answer_times import Times, by_turns, undisturbed, welch_t


def some(chance: random.Random, count: int, mean: float = 1.0) -> list[float]:
    """Times as a server's are: a spread, and now and then something that came between."""
    return [chance.gauss(mean, 0.1) + (5 if chance.random() < 0.05 else 0) for _ in range(count)]


def test_the_medians_difference_is_a_share_of_the_smaller_one() -> None:
    assert Times([1, 2, 30], [4, 3, 2.5]).apart == pytest.approx(0.5)
    assert Times([4, 3, 2.5], [1, 2, 30]).apart == pytest.approx(0.5)


def test_the_quickest_tell_whatever_disturbed_the_others() -> None:
    assert Times([1, 90, 80], [2, 1.5, 70]).fastest_apart == pytest.approx(0.5)


def test_welchs_t_is_the_textbooks() -> None:
    # Means 3 and 6, variances 2.5 and 10, five of each: 3 / sqrt(0.5 + 2).
    assert welch_t([1, 2, 3, 4, 5], [2, 4, 6, 8, 10]) == pytest.approx(-3 / math.sqrt(2.5))


def test_welchs_t_of_samples_without_spread_is_nothing_or_endless() -> None:
    assert welch_t([1, 1], [1, 1]) == 0
    assert welch_t([2, 2], [1, 1]) == math.inf
    assert welch_t([1, 1], [2, 2]) == -math.inf


def test_too_few_to_judge_are_never_alike() -> None:
    assert welch_t([1], [1, 1]) == math.inf


def test_what_is_left_out_is_cut_at_one_bound_for_both() -> None:
    assert undisturbed([1, 2, 3, 4, 50], [1, 2, 60, 70, 80], 0.4) == ([1, 2, 3, 4], [1, 2])
    assert undisturbed([1], [2], 0) == ([1], [2])


def test_one_distribution_stays_below_the_bound_and_a_small_shift_does_not() -> None:
    chance = random.Random(7)
    worst = max(abs(Times(some(chance, 2000), some(chance, 2000)).welch_t) for _ in range(20))
    assert worst < 4.5
    assert abs(Times(some(chance, 2000), some(chance, 2000, 1.03)).welch_t) > 4.5


def test_each_pair_has_one_of_each_in_an_order_left_to_chance() -> None:
    asked: list[tuple[str, int]] = []

    def ask(kind: str, number: int) -> float:
        asked.append((kind, number))
        return {"one": 1.0, "other": 2.0}[kind]

    times = by_turns(
        lambda number: ask("one", number), lambda number: ask("other", number), 50, random.Random(3)
    )
    assert (set(times.one), set(times.other)) == ({1.0}, {2.0})
    pairs = list(zip(asked[::2], asked[1::2], strict=True))
    assert all({kind for kind, _ in pair} == {"one", "other"} for pair in pairs)
    assert all(first[1] == second[1] for first, second in pairs)
    assert 10 < sum(first[0] == "one" for first, _ in pairs) < 40
