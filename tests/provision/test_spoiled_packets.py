"""H1: an answer spoiled at any place ends a read and a walk with a typed refusal, in time."""

import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from provision.families.family import Family
from provision.readers.errors import ReadError
from provision.readers.snmp_walk import Bounds, walk
from tests.processes import held_by
from tests.provision.snmp_lanes.test_walk import peer
from tests.provision.test_snmp import OWN, VALUES, read

MIB = 1024**2
TIMEOUT_S = 0.05
#: A packet that was cut, or whose frame was spoiled, must never be believed.
NOT_BELIEVED = ("cut", "frame")
Spoiled = tuple[str, Callable[[bytes], bytes]]


def at(place: float, byte: int) -> Callable[[bytes], bytes]:
    """The byte at this share of the packet becomes another."""

    def spoil(good: bytes) -> bytes:
        index = int(place * (len(good) - 1))
        other = byte if good[index] != byte else byte ^ 0x55
        return good[:index] + bytes([other]) + good[index + 1 :]

    return spoil


def spoiled(count: int) -> list[Spoiled]:
    """Packets cut short, with a spoiled frame, with odd tags and lengths anywhere, and noise."""
    chance = random.Random(count)
    kinds: list[Callable[[], Spoiled]] = [
        lambda: ("cut", cut(chance.random())),
        lambda: ("frame", at(0.0, chance.choice((0x00, 0x04, 0x1F, 0x31, 0xA2, 0xFF)))),
        lambda: ("anywhere", at(chance.random(), chance.choice((0x00, 0x05, 0x1F, 0x30, 0xA2)))),
        lambda: ("anywhere", at(chance.random(), chance.choice((0x7F, 0x80, 0x84, 0xFE, 0xFF)))),
        lambda: ("noise", noise(chance.random())),
        lambda: ("frame", tailed(chance.randrange(1, 1400))),
    ]
    return [kinds[number % len(kinds)]() for number in range(count)]


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda good: good[: int(share * len(good))]


def noise(seed: float) -> Callable[[bytes], bytes]:
    return lambda good: random.Random(seed).randbytes(len(good))


def tailed(size: int) -> Callable[[bytes], bytes]:
    return lambda good: good + bytes(size)


def one_walk(target: Any) -> object:
    return walk(peer(target.port, timeout_s=TIMEOUT_S), OWN, Bounds(values=100, seconds=1.0))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("count", [24, pytest.param(278, marks=pytest.mark.prove)])
@pytest.mark.parametrize("way", ["get", "walk"])
def test_proof_h1_whatever_comes_back_the_refusal_is_typed_and_in_time(
    agent: Callable[..., Any], flat_phone: Family, way: str, count: int, leeway: float
) -> None:
    turn: list[Callable[[bytes], bytes]] = [bytes]
    phone = agent(lambda question: [("phone", turn[0](question.answer(VALUES)))])
    read(phone.target, flat_phone)
    before, threads = held_by(os.getpid()), threading.active_count()
    refused, slowest = 0, 0.0
    for kind, turn[0] in spoiled(count):
        began = time.monotonic()
        try:
            if way == "get":
                read(phone.target, flat_phone, TIMEOUT_S)
            else:
                one_walk(phone.target)
        except ReadError:
            refused += 1
        else:
            assert kind not in NOT_BELIEVED or way == "walk", "a broken packet was believed"
        slowest = max(slowest, time.monotonic() - began)
    after = held_by(os.getpid())
    print(  # noqa: T201
        f"H1: {count} spoiled answers to a {way}: {refused} refused, the slowest after "
        f"{slowest:.2f} s, {(after.bytes - before.bytes) / MIB:+.1f} MiB"
    )
    assert refused >= count / 3
    assert slowest < (TIMEOUT_S * 6 + 1) * leeway
    assert after.bytes - before.bytes < 20 * MIB
    assert after.files <= before.files
    assert threading.active_count() <= threads
    turn[0] = bytes
    assert read(phone.target, flat_phone).product == "FP-B2", "the reader lives"
