"""R1 for mirrors: a sync killed at a random moment shows the state of before or the next, whole."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask

from tests.catalogue.site import Site
from tests.catalogue.vendor import LyingMirror, Vendor, fetch, serving

ENOUGH_S = 4.0


@pytest.fixture
def backend() -> str:
    return "sqlite"


def start_sync(site: Site) -> "subprocess.Popen[bytes]":
    """`flatpro mirror sync` as a process of its own."""
    environ = {
        **os.environ,
        "FLATPRO_DATA_DIR": str(site.installation.data_dir),
        "FLATPRO_DEMO": "0",
        "FLATPRO_LOG_FILE": str(site.installation.data_dir / "log"),
    }
    command = [sys.executable, "-m", "portal.cli", "mirror", "sync", site.upstream]
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def rounds(vendor: Vendor, site: Site, app: Flask, count: int, seed: int) -> tuple[int, int]:
    """Publish, kill a sync at a random moment, look; (killed in time, switched before)."""
    chance = random.Random(seed)
    vendor.publish("1.0.0", size=20_000)
    vendor.publish("1.1.0", size=20_000)
    site.sync()
    killed = switched = 0
    with serving(LyingMirror(app)) as site.upstream:
        for number in range(count):
            before = site.seen()
            path = vendor.publish(f"2.{number}.0", size=20_000)
            after = fetch(app, "/metadata/timestamp.json")
            process = start_sync(site)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.3, ENOUGH_S))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.communicate()
            seen = site.seen()
            assert seen["/metadata/timestamp.json"] in {before["/metadata/timestamp.json"], after}
            if seen["/metadata/timestamp.json"] == after:
                switched += 1
            else:
                assert seen == before
            # Whatever is named is there and right, and the next run brings the rest.
            assert site.faults() == []
            site.sync()
            assert fetch(site.app, f"/targets/{path}")
    return killed, switched


def test_a_killed_sync_shows_before_or_after_and_never_a_part(
    vendor: Vendor, site: Site, app: Flask
) -> None:
    rounds(vendor, site, app, 3, seed=1)


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_fifty_killed_syncs_show_before_or_after_and_never_a_part(
    vendor: Vendor, site: Site, app: Flask
) -> None:
    killed, switched = rounds(vendor, site, app, 50, seed=int(time.time()))
    assert killed > 10
    print(f"killed {killed} of 50, {switched} had switched")  # noqa: T201 - the proof's figure
    assert Path(site.installation.data_dir).exists()
