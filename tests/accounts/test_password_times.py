"""How long a login takes tells neither whether it exists nor how nearly the password was right."""

import statistics
import time

from accounts import passwords

PAIRS = 2000
DIFFERENCE = 0.05
RIGHT = "correct-horse-battery"


def cost(password: str, password_hash: str | None) -> float:
    # Processor time: other work on this machine is no part of the answer.
    began = time.thread_time()
    passwords.matches(password, password_hash)
    return time.thread_time() - began


def difference(one: tuple[str, str | None], other: tuple[str, str | None]) -> float:
    """By how much the medians of as many calls, taken by turns, lie apart."""
    pairs = [(cost(*one), cost(*other)) for _ in range(PAIRS)]
    first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
    return abs(first - second) / min(first, second)


def test_proof_s7_an_unknown_login_and_a_near_miss_cost_what_a_wrong_password_does() -> None:
    known = passwords.hash_password(RIGHT)
    wrong = ("x" * len(RIGHT), known)
    unknown = difference(wrong, ("x" * len(RIGHT), None))
    near = difference(wrong, (RIGHT[:-1] + "x", known))
    print(  # noqa: T201 - the proof's figures
        f"S7: {PAIRS} pairs: an unknown login differs by {unknown:.1%}, a near miss by {near:.1%}"
    )
    assert unknown < DIFFERENCE
    assert near < DIFFERENCE
