"""R21: a /22 of silent addresses with two liars costs its seconds, one socket and little memory."""

import time
from collections import Counter
from pathlib import Path

import pytest

from provision.devices.readings import MatchVerdict
from provision.sweeps import conducting
from provision.sweeps.models import SweepState
from storage.installation import Installation
from tests.provision.estate import MAC, SERIAL
from tests.provision.sweeps.conftest import Street
from tests.provision.sweeps.test_sweep import found, start

WIDE = "127.0.88.0/22"
WITHIN_S = 90.0
SOCKETS_MAX = 200


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.prove
@pytest.mark.parametrize("backend", ["sqlite"])
def test_proof_r21_a_wide_network_of_the_silent_and_two_liars(
    ours: Installation, street: Street
) -> None:
    street.phone("127.0.89.1", SERIAL, MAC)
    for liar in ("127.0.88.77", "127.0.91.254"):
        street.phone(liar, SERIAL, MAC)
    street.spoil = {
        # Cut short, for ever; and a flood of noise to each question.
        "127.0.88.77": lambda good: [good[:-3]],
        "127.0.91.254": lambda good: [b"\xff" * 1400] * 50 + [good[:-1]],
    }
    before, most = open_files(), 0

    def look(_far: object) -> None:
        nonlocal most
        most = max(most, open_files())

    number = start(ours, street, WIDE, rate=1000, timeout_s=1.0, retries=1)
    began = time.monotonic()
    done = conducting.walk(ours, number, look)
    took_s = time.monotonic() - began
    assert (done.state, done.scanned) == (SweepState.DONE, 1024)
    assert found(ours, number)["127.0.89.1"] == MatchVerdict.MATCHED
    assert found(ours, number).get("127.0.88.77", MatchVerdict.NAMELESS) == MatchVerdict.NAMELESS
    asked = [street.asked.get(f"127.0.{88 + n // 256}.{n % 256}", 0) for n in range(1024)]
    print(  # noqa: T201
        f"R21: 1021 silent addresses and 2 liars in {took_s:.1f} s, the silent asked twice, "
        f"liars {max(asked)} times, {most - before:+} open files"
    )
    assert Counter(asked)[2] >= 1021, "the silent are asked once more and never again"
    assert max(asked) <= 4
    assert took_s < WITHIN_S
    assert most - before < SOCKETS_MAX
