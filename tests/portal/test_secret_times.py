"""S7: the time of a whole answer over HTTP does not tell how nearly a secret was right."""

import os
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from accounts import passwords
from portal import first_start
from portal.installing import open_installation
from portal.settings import Settings
from storage.installation import Installation
from tests.answer_times import Times, by_turns
from tests.evented import evented
from tests.portal.held_secrets import hold
from tests.portal.near_misses import Guesser, NearMiss, Request
from tests.served import serving
from tests.waitress_app import waitress

PAIRS = int(os.environ.get("FLATPRO_TIMED_PAIRS", "2000"))
APART, WELCH_T = 0.05, 4.5
#: Few answers, on a machine that others use too: what takes twice as long, at its quickest and
#: in the middle, is no chance.
FEW, FEW_COSTLY, FEW_APART = 6, 2, 1.0


@dataclass(frozen=True)
class Clocked:
    """Both listeners; each try comes from an address of its own, which was never wrong before."""

    pages: int
    phones: int
    numbers: Iterator[int] = field(default_factory=count)

    def took(self, kind: NearMiss, raw: bytes) -> float:
        number = next(self.numbers)
        source = f"127.{100 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        there = ("127.0.0.1", self.phones if kind.is_phones else self.pages)
        with socket.create_connection(there, 60, (source, 0)) as line:
            began = time.perf_counter()
            line.sendall(raw)
            answer = b"".join(iter(lambda: line.recv(1 << 16), b""))
            took_s = time.perf_counter() - began
        assert int(answer.split(b" ", 2)[1]) == kind.status, (kind.name, answer)
        return took_s

    def times(self, kind: NearMiss, pairs: int) -> Times:
        def ask(request: Request, number: int) -> float:
            return self.took(kind, request(number))

        return by_turns(
            lambda number: ask(kind.near, number),
            lambda number: ask(kind.far, number),
            pairs,
            random.Random(kind.name),
        )


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def own_cost() -> Iterator[None]:
    """Passwords cost what they cost in the product, and not what tests make of it (once.py)."""
    cheap, passwords._hasher = passwords._hasher, PasswordHasher()
    passwords._nobody.cache_clear()
    yield
    passwords._hasher = cheap
    passwords._nobody.cache_clear()


@pytest.mark.usefixtures("own_cost")
def test_s7_no_near_miss_is_answered_much_sooner_or_later(
    installation: Installation, app: Flask, phones: Flask
) -> None:
    held = hold(installation, FEW)
    with waitress(app) as pages, evented(phones) as port:
        clocked = Clocked(pages, port)
        for kind in Guesser.at(f"http://127.0.0.1:{pages}", held).kinds():
            times = clocked.times(kind, FEW_COSTLY if kind.is_costly else FEW)
            assert min(times.apart, times.fastest_apart) < FEW_APART, kind.name


@pytest.mark.prove
@pytest.mark.usefixtures("own_cost")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("costly", [True, False], ids=["login", "others"])
def test_proof_s7_no_near_miss_is_told_by_the_time_of_its_answer(
    tmp_path: Path, costly: bool
) -> None:
    settings = Settings(data_dir=tmp_path / "data", demo=False)
    place = open_installation(settings)
    first_start.ensure_admin(place, settings)
    held = hold(place, PAIRS)
    place.database.dispose()
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        pages, phones = (int(a.rpartition(":")[2]) for a in (served.public, served.phones))
        clocked = Clocked(pages, phones)
        found = {
            kind.name: clocked.times(kind, PAIRS)
            for kind in Guesser.at(served.public, held).kinds()
            if kind.is_costly is costly
        }
    for name, times in found.items():
        print(f"{name}: {times.apart:.2%}, t {times.welch_t:+.2f}")  # noqa: T201
    widest = max(found, key=lambda name: found[name].apart)
    surest = max(found, key=lambda name: abs(found[name].welch_t))
    print(  # noqa: T201
        f"S7: {PAIRS} pairs of whole answers, {len(found)} kinds of near miss: medians at most "
        f"{found[widest].apart:.1%} apart ({widest}), |t| at most "
        f"{abs(found[surest].welch_t):.1f} ({surest})"
    )
    assert found[widest].apart < APART
    assert abs(found[surest].welch_t) < WELCH_T
