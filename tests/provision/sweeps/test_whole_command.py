"""R21 and the sweep's own figure: the whole command among the silent, the many and the lying."""

from collections.abc import Callable

import pytest

from portal.settings import Settings
from provision.devices.readings import MatchVerdict
from storage.installation import Installation
from tests.provision.sweeps.conftest import Street
from tests.provision.sweeps.whole_command import Ran, sweep

MIB = 1024 * 1024
#: 1,024 addresses of which nobody answers but liars, and the network beside them.
ALLOWED, SILENT, BESIDE = "127.0.88.0/21", "127.0.88.0/22", "127.0.92.0/24"
LIARS = ("127.0.89.7", "127.0.90.200")
WIDE, ONE_IN = "127.60.0.0/16", 100
SECONDS_MOST, FILES_MOST, SLACK_S = 90, 200, 1.0


def furnish(street: Street, network: str, lasts: range) -> set[str]:
    """Phones in a /24, which is named by its first three numbers."""
    addresses = {f"{network}.{last}" for last in lasts}
    for address in addresses:
        number = int.from_bytes(bytes(map(int, address.split("."))), "big") & 0xFFFFFF
        street.phone(address, f"FP2648B2{number:07X}"[:15], f"02f1a7{number:06x}")
    return addresses


def lie(street: Street) -> None:
    """One floods with what is no answer; one answers another question than was asked."""

    def flood(good: bytes) -> list[bytes]:
        return [good[:-3], b"\x30\x80" + good[2:], b"", b"\xff" * 1400] * 25

    def twist(good: bytes) -> list[bytes]:
        return [good.replace(b"\x2b\x06\x01\x04", b"\x2b\x06\x01\x05")]

    for address, spoil in zip(LIARS, (flood, twist), strict=True):
        street.phone(address, "FP2648B2AAAAAA6", "02f1a7000066")
        street.spoil[address] = spoil


def held_to_r21(street: Street, run: Callable[[], Ran], patience_s: float) -> None:
    """Sweep the /22 and its neighbour twice, the second time with the liars in it."""
    neighbours = furnish(street, "127.0.92", range(1, 17))
    honest = run()
    assert set(honest.verdicts) == neighbours
    lie(street)
    lied_to = run()
    assert lied_to.document["scanned"] == 1024 + 256
    assert max(honest.seconds, lied_to.seconds) < SECONDS_MOST
    assert lied_to.files <= FILES_MOST
    cost = lied_to.document["seconds"] - honest.document["seconds"]
    assert cost <= patience_s + SLACK_S, "a liar costs its own timeouts at most"
    verdicts = dict(lied_to.verdicts)
    believed = {verdicts.pop(liar, MatchVerdict.NAMELESS) for liar in LIARS}
    assert believed == {MatchVerdict.NAMELESS}
    assert verdicts == honest.verdicts, "whoever else was there is found as before"
    print(  # noqa: T201
        f"R21: 1022 silent, 2 liars and 16 phones beside them: {lied_to.seconds:.1f} s,"
        f" {cost:+.1f} s for the liars, {lied_to.files} open files"
    )


@pytest.mark.usefixtures("installation")
def test_proof_r21_a_slash_22_of_silence_and_two_liars_is_bounded(
    settings: Settings, street: Street
) -> None:
    hasty = ("--rate", "20000", "--timeout", "0.3", "--port", str(street.port))
    held_to_r21(street, lambda: sweep(settings, ALLOWED, SILENT, BESIDE, *hasty), 2 * 0.3)


def test_a_slash_16_is_swept_in_less_than_100_mb(
    installation: Installation, settings: Settings, street: Street
) -> None:
    # PostgreSQL's driver and its libraries take ten of it.
    most = 100 if installation.database.is_sqlite else 110
    alive = set[str]()
    for third in range(256):
        alive |= furnish(street, f"127.60.{third}", range(third % ONE_IN, 256, ONE_IN))
    manner = ("--rate", "20000", "--timeout", "0.5", "--port", str(street.port))
    ran = sweep(settings, WIDE, WIDE, *manner)
    assert ran.document["scanned"] == 65_536
    # The street is one thread beside others' work and misses some; bench/ looks that all are found.
    assert set(ran.verdicts) <= alive
    assert len(ran.verdicts) > 100
    assert ran.bytes < most * MIB, f"{ran.bytes / MIB:.1f} MiB"
