"""S1: whoever asks for one MAC after the other cannot tell the real ones, by words or by time."""

import random
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from storage.installation import Installation
from tests.evented import evented
from tests.provision import estate as estates
from tests.provision.phone_api.test_given import without_names
from tests.provision.phone_plane import Answer, ask

OUI = "02f1a7"
#: A phone's own secrets; its SIP password is set by the estate.
SECRETS = (estates.SIP_PASSWORD.encode(), b"password = ", b"sip.1.")
APART_S = 0.001


@dataclass(frozen=True)
class Guesses:
    """How many MACs are asked for, how many of them are real, how many pairs are timed."""

    asked: int
    real: int
    pairs: int


@pytest.fixture
def backend() -> str:
    return "sqlite"


def guessed(chance: random.Random, count: int) -> list[str]:
    return [f"{OUI}{chance.randrange(1 << 24):06x}" for _ in range(count)]


@pytest.fixture
def real(installation: Installation, guesses: Guesses) -> list[str]:
    """Phones in the register, of the same maker as the guesses."""
    estate = estates.build(installation)
    macs = [f"{OUI}8{number:05x}" for number in range(guesses.real)]
    with installation.database.writing() as session:
        for mac in macs:
            estates.add_phone(session, mac, None)
    assert estate.token
    return macs


@pytest.fixture
def port(real: list[str], phones: Flask) -> Iterator[int]:
    """The phones' own listener."""
    assert real, "they are in the register before the first one calls"
    with evented(phones) as found:
        yield found


def shape(answer: Answer) -> tuple[object, ...]:
    """Everything but the MAC itself and what is new in each answer."""
    headers = {name: values for name, values in answer.headers.items() if name not in CHANGING}
    return (answer.status, len(answer.body), without_names(answer.body), tuple(sorted(headers)))


CHANGING = {"etag", "date", "www-authenticate"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "guesses",
    [Guesses(300, 10, 150), pytest.param(Guesses(10_000, 100, 1000), marks=pytest.mark.prove)],
    ids=["300", "10000"],
)
@pytest.mark.parametrize("path", ["/p/{}.cfg", "/p/auth/{}.cfg"], ids=["first", "auth"])
def test_proof_s1_real_macs_look_like_any_other(
    port: int, real: list[str], guesses: Guesses, path: str, leeway: float
) -> None:
    chance = random.Random(guesses.asked)
    macs = guessed(chance, guesses.asked - len(real)) + real
    chance.shuffle(macs)
    seen: dict[tuple[object, ...], int] = {}
    for mac in macs:
        answer = ask(port, path.format(mac))
        assert not any(secret in answer.body for secret in SECRETS)
        seen[shape(answer)] = seen.get(shape(answer), 0) + 1
    apart_s = difference(port, path, real, guessed(chance, guesses.pairs))
    print(  # noqa: T201
        f"S1: {len(macs)} MACs of which {len(real)} are real at {re.sub('{}', 'MAC', path)}: "
        f"{len(seen)} kind of answer, 0 secrets, {guesses.pairs} pairs {apart_s * 1e6:.0f} us apart"
    )
    assert len(seen) == 1
    assert apart_s < APART_S * leeway


def difference(port: int, path: str, real: list[str], others: list[str]) -> float:
    """How far the median times of real and unknown ones are apart, asked in turn."""
    took: tuple[list[float], list[float]] = ([], [])
    for number, other in enumerate(others):
        for mac, times in zip((real[number % len(real)], other), took, strict=True):
            began = time.perf_counter()
            ask(port, path.format(mac))
            times.append(time.perf_counter() - began)
    known, unknown = map(statistics.median, took)
    return abs(known - unknown)
