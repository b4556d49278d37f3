from datetime import UTC, datetime, timedelta

import pytest

from support.public_checks.puzzles import LIFETIME, Puzzles, solved

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PUZZLES = Puzzles(b"k" * 32, bits=10)
WORDS = "FP2546B24VR8FEJ\n0A0001"


def test_the_work_for_a_question_is_known_as_such() -> None:
    puzzle = PUZZLES.new(NOON)
    answer = solved(puzzle, WORDS, 10)
    assert PUZZLES.is_solved(puzzle, WORDS, answer, NOON)
    assert PUZZLES.is_solved(puzzle, WORDS, answer, NOON + LIFETIME)
    assert not PUZZLES.is_solved(puzzle, WORDS, answer, NOON + LIFETIME + timedelta(seconds=1))


def test_each_guess_needs_its_own_work() -> None:
    puzzle = PUZZLES.new(NOON)
    answer = solved(puzzle, WORDS, 10)
    others = [f"FP2546B24VR8FEJ\n0A{number:04X}" for number in range(2, 200)]
    passed = sum(PUZZLES.is_solved(puzzle, words, answer, NOON) for words in others)
    assert passed <= 3


@pytest.mark.parametrize(
    ("puzzle", "answer"),
    [
        ("", ""),
        ("1.2", "1"),
        ("99999999999.0", "1"),
        ("9" * 300 + ".x", "1"),
        ("-1.x", "1"),
        ("٣.x", "1"),
        ("{puzzle}", "9" * 100),
        ("{puzzle}", "\ud800"),
        ("{puzzle}0", "{answer}"),
    ],
)
def test_what_is_no_work_of_ours_is_none(puzzle: str, answer: str) -> None:
    made = PUZZLES.new(NOON)
    known = solved(made, WORDS, 10)
    typed = puzzle.format(puzzle=made), answer.format(answer=known)
    assert not PUZZLES.is_solved(typed[0], WORDS, typed[1], NOON)


def test_a_puzzle_of_another_key_or_strength_is_none_of_ours() -> None:
    for other in (Puzzles(b"x" * 32, bits=10), Puzzles(b"k" * 32, bits=9)):
        puzzle = other.new(NOON)
        assert not PUZZLES.is_solved(puzzle, WORDS, solved(puzzle, WORDS, 10), NOON)
