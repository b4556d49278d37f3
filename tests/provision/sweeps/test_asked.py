"""Whom a sweep asks: every address is found by itself alone, and by no id that was not drawn."""

import random
from ipaddress import IPv4Address

import pytest

from provision.readers.snmp_asked import Asked

FIRST, SPAN = 10 << 24, 3000


def dotted(number: int) -> str:
    return str(IPv4Address(number))


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 128, 129, 1000])
def test_every_address_has_its_own_place_and_others_have_none(count: int) -> None:
    chosen = [dotted(one) for one in random.sample(range(FIRST, FIRST + SPAN), count)]
    asked = Asked(chosen)
    assert [asked.place(address) for address in chosen] == list(range(count))
    others = {dotted(FIRST + at) for at in range(SPAN)} - set(chosen)
    edges = ("0.0.0.0", "9.255.255.255", "255.255.255.255")
    assert {asked.place(address) for address in (*others, *edges)} == {None}


def test_an_answer_counts_once_and_only_by_an_id_of_that_address() -> None:
    asked = Asked(["10.0.0.1", "10.0.0.2"])
    drawn = []
    for _ in range(2):
        asked.draw_ids()
        sent = list(asked.asking(asked.silent()))
        assert [address for _, address in sent] == ["10.0.0.1", "10.0.0.2"]
        drawn.append([int.from_bytes(one, "big") for one, _ in sent])
    assert all(1 << 30 <= number < 1 << 31 for numbers in drawn for number in numbers)
    assert asked.hear(0, drawn[0][1]) is None, "the other's id"
    assert asked.hear(0, drawn[0][0]) is True, "of an earlier pass"
    assert asked.hear(0, drawn[1][0]) is False, "a second answer"
    assert asked.hear(1, -1) is None
    assert list(asked.silent()) == [1]
    assert asked.hear(1, drawn[1][1]) is True
    assert asked.is_over()
