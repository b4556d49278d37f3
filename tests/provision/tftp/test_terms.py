"""What is agreed before a transfer: only what the standards let a receiver ask for."""

import pytest

from provision.tftp.terms import Terms, agree

SIZE = 400_000


@pytest.mark.parametrize(
    ("asked", "block_bytes"),
    [
        ("8", 8),
        ("512", 512),
        ("1428", 1428),
        ("1429", 1428),
        ("65464", 1428),
        *(
            (text, 512)
            for text in ("7", "0", "65465", "-1", "abc", "", "1428 ", "+8", "٨", "9" * 99)
        ),
    ],
)
def test_a_block_size_is_taken_capped_or_passed_over(asked: str, block_bytes: int) -> None:
    agreed = agree({"blksize": asked}, SIZE)
    assert agreed.block_bytes == block_bytes
    taken = asked.isascii() and asked.isdigit() and 8 <= int(asked) <= 65464
    assert agreed.told == ({"blksize": str(block_bytes)} if taken else {})


def test_a_window_and_unknown_options_are_passed_over() -> None:
    assert agree({"windowsize": "65535", "multicast": "", "x": "1"}, SIZE) == Terms(512, None, {})


@pytest.mark.parametrize(("asked", "timeout_s"), [("1", 1), ("10", 10), ("0", None), ("255", None)])
def test_a_timeout_is_taken_where_it_holds_nothing_up(asked: str, timeout_s: int | None) -> None:
    assert agree({"timeout": asked}, SIZE).timeout_s == timeout_s


def test_who_asks_for_the_size_is_told() -> None:
    assert agree({"tsize": "0", "blksize": "1000"}, SIZE).told == {
        "tsize": "400000",
        "blksize": "1000",
    }
