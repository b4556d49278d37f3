"""Settings: read from the environment, and a bad one is named."""

import os
import subprocess
import sys
from ipaddress import ip_network
from typing import Any

import pytest

from portal.settings import Settings


def load_in_process(**environ: str) -> str:
    """What a process with these variables says of its settings."""
    code = (
        "from portal import settings\n"
        "from storage.refusals import RefusedError\n"
        "try:\n    settings.load()\nexcept RefusedError as e:\n    print(e.code, e.text('ru'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLATPRO_PORT", "eighty"),
        ("FLATPRO_PHONE_PORT", "70000"),
        ("FLATPRO_PUBLIC_URL", "flatpro.example"),
        ("FLATPRO_READ_NETWORKS", "10.0.0.0/8,hello"),
        ("FLATPRO_BLOB_URL", "file:///var/blobs"),
        ("FLATPRO_ACCEL_PREFIX", "stored"),
        ("FLATPRO_SCRUB_DAYS", "0"),
        ("FLATPRO_FIRST_CONTACTS_A_MINUTE", "-1"),
    ],
)
def test_a_bad_variable_is_named_in_one_line(name: str, value: str) -> None:
    said = load_in_process(**{name: value})
    assert said.startswith("bad-setting")
    assert name in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("set_to", "days"),
    [({}, 1), ({"blob_url": "s3://flatpro"}, 7), ({"scrub_days": 30}, 30)],
)
def test_files_are_read_again_daily_and_those_in_a_bucket_weekly(
    set_to: dict[str, Any], days: int
) -> None:
    assert Settings(**set_to).scrub.days == days


def test_lists_are_comma_separated() -> None:
    networks = Settings(read_networks="10.0.0.0/8, 192.168.4.0/24").read_networks  # type: ignore[arg-type]  # as the environment gives it
    assert networks == (ip_network("10.0.0.0/8"), ip_network("192.168.4.0/24"))


def test_addresses_lose_their_last_slash_and_default_to_the_listening_ones() -> None:
    assert Settings(public_url="https://x.example/").public_address == "https://x.example"
    assert Settings(port=18080).public_address == "http://127.0.0.1:18080"
    assert Settings(phone_port=18081).phone_address == "http://127.0.0.1:18081"
