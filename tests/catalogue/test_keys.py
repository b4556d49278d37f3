"""The key ring: made once, whole, for its owner only."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.keys import FIRMWARE_FILE, ONLINE_FILE, load_or_create
from catalogue.minisign import PublicKey, SigningKeyFileError, verify

MAKE_AND_TELL = """
import pathlib, sys, time
from catalogue.keys import load_or_create
folder = pathlib.Path(sys.argv[1])
print("ready", flush=True)
while not (folder / "go").exists():
    time.sleep(0.0005)
for round in range(8):
    ring = load_or_create(folder / f"keys{round}")
    print(ring.online.public.line, ring.firmware.public.line)
"""


def test_the_same_keys_come_back(tmp_path: Path) -> None:
    first, second = load_or_create(tmp_path / "keys"), load_or_create(tmp_path / "keys")

    assert first.online.public == second.online.public
    assert first.firmware.public == second.firmware.public
    assert verify(b"data", first.firmware.sign(b"data", "x"), second.firmware.public) == "x"


def test_the_two_roles_have_different_keys(tmp_path: Path) -> None:
    ring = load_or_create(tmp_path)

    assert ring.online.public.key_id != ring.firmware.public.key_id
    assert PublicKey.parse(ring.online.public.text()) == ring.online.public


def test_only_the_owner_may_read_the_keys(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_or_create(tmp_path / "data" / "keys")
    finally:
        os.umask(before)

    folder = tmp_path / "data" / "keys"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {ONLINE_FILE: 0o600, FIRMWARE_FILE: 0o600}


def test_processes_that_start_together_get_the_same_keys(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE_AND_TELL, str(tmp_path)]
    project = Path(__file__).parents[2]
    racers = [
        subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ready = [racer.stdout.readline() for racer in racers if racer.stdout]
    (tmp_path / "go").touch()
    answers = {racer.communicate(timeout=60)[0] for racer in racers}

    assert ready == ["ready\n"] * 3
    rings = [load_or_create(tmp_path / f"keys{number}") for number in range(8)]
    assert answers == {
        "".join(f"{ring.online.public.line} {ring.firmware.public.line}\n" for ring in rings)
    }
    assert {path.name for path in tmp_path.glob("keys*/*")} == {FIRMWARE_FILE, ONLINE_FILE}


def test_a_key_that_is_left_keeps_its_place_when_the_other_is_lost(tmp_path: Path) -> None:
    ring = load_or_create(tmp_path)
    (tmp_path / ONLINE_FILE).unlink()

    again = load_or_create(tmp_path)

    assert again.firmware.public == ring.firmware.public
    assert again.online.public != ring.online.public


def test_what_a_killed_process_left_is_no_key(tmp_path: Path) -> None:
    (tmp_path / f".{ONLINE_FILE}.0011223344556677").write_bytes(b"-----BEGIN PRI")

    assert load_or_create(tmp_path).online.public == load_or_create(tmp_path).online.public


def test_one_key_in_both_roles_is_refused(tmp_path: Path) -> None:
    load_or_create(tmp_path)
    (tmp_path / FIRMWARE_FILE).write_bytes((tmp_path / ONLINE_FILE).read_bytes())

    with pytest.raises(SigningKeyFileError, match="thief"):
        load_or_create(tmp_path)


def test_a_broken_key_is_refused_and_never_replaced(tmp_path: Path) -> None:
    load_or_create(tmp_path)
    (tmp_path / ONLINE_FILE).write_bytes(b"")

    with pytest.raises(SigningKeyFileError, match=ONLINE_FILE):
        load_or_create(tmp_path)
    assert (tmp_path / ONLINE_FILE).read_bytes() == b""


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(SigningKeyFileError, match="Not a directory") as refusal:
        load_or_create(tmp_path / "data" / "keys")
    assert "\n" not in refusal.value.text("ru")
