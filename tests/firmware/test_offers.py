"""Stepwise offers: the same phones are in, whoever computes it."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.offers import SLOTS, BadPercentError, in_rollout, slot

MACS = st.integers(0, 2**48 - 1).map("{:012x}".format)
SALTS = st.text(max_size=20)
PERCENTS = st.integers(0, 100) | st.integers(0, SLOTS).map(lambda hundredths: hundredths / 100)

VECTORS = (
    ("5eed5eed5eed5eed", "02f1a7000001", 5056),
    ("5eed5eed5eed5eed", "02f1a7000002", 5451),
    ("00", "02f1a7000001", 3871),
    ("", "ffffffffffff", 7412),
)


@pytest.mark.parametrize(("salt", "mac", "expected"), VECTORS)
def test_the_slot_of_a_phone_is_a_contract(salt: str, mac: str, expected: int) -> None:
    assert slot(salt, mac) == expected
    assert f"{expected}" in (slot.__doc__ or "")


@pytest.mark.parametrize(("salt", "mac", "expected"), VECTORS)
def test_sha256sum_gives_the_same_slot(salt: str, mac: str, expected: int) -> None:
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("sha256sum (coreutils) is not installed")
    line = subprocess.run(
        [program], input=f"{salt}:{mac}".encode(), capture_output=True, check=True
    ).stdout

    assert int(line[:16], 16) % SLOTS == expected


@given(SALTS, MACS, PERCENTS)
def test_the_answer_is_always_the_same(salt: str, mac: str, percent: float) -> None:
    assert in_rollout(salt, mac, percent) == in_rollout(salt, mac, percent)


@given(SALTS, MACS, PERCENTS, PERCENTS)
def test_a_phone_that_is_in_stays_in_while_the_share_rises(
    salt: str, mac: str, one: float, other: float
) -> None:
    low, high = sorted((one, other))

    assert not in_rollout(salt, mac, low) or in_rollout(salt, mac, high)


@given(SALTS, MACS)
def test_nobody_is_in_at_0_and_everybody_at_100(salt: str, mac: str) -> None:
    assert not in_rollout(salt, mac, 0)
    assert in_rollout(salt, mac, 100)


@given(SALTS, MACS)
def test_a_phone_enters_at_the_hundredth_after_its_slot(salt: str, mac: str) -> None:
    place = slot(salt, mac)

    assert not in_rollout(salt, mac, place / 100)
    assert in_rollout(salt, mac, (place + 1) / 100)


def test_the_share_of_phones_is_close_to_the_percentage() -> None:
    macs = [f"02f1a7{number:06x}" for number in range(20_000)]

    assert sum(in_rollout("00ff", mac, 5) for mac in macs) == pytest.approx(1000, abs=150)


def test_another_salt_picks_other_phones() -> None:
    macs = [f"02f1a7{number:06x}" for number in range(1000)]
    one, other = ({mac for mac in macs if in_rollout(salt, mac, 10)} for salt in ("a1", "b2"))

    assert len(one & other) < len(one) / 2


@pytest.mark.parametrize("percent", [-1, -0.01, 100.01, 101, 5.555, float("nan"), float("inf")])
def test_a_share_that_is_no_percentage_is_refused(percent: float) -> None:
    with pytest.raises(BadPercentError):
        in_rollout("00", "02f1a7000001", percent)


@pytest.mark.parametrize(
    "mac",
    ["", "02F1A7000001", "02:f1:a7:00:00:01", "02f1a700000", "02f1a70000011", "02f1a7000001\n"],
)
def test_another_spelling_of_a_mac_never_gives_another_slot(mac: str) -> None:
    with pytest.raises(ValueError, match="12 lower-case hex"):
        slot("00", mac)
