"""R19: how long it takes from a backup to the first download that a TUF client believes.

By the real commands, on a disk and not in memory. The figure is for 10 GB: `make prove ID=R19`.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.app import PAGES, create_app
from portal.installing import open_installation
from portal.settings import Settings
from storage.blob_keeping.blob_models import Blob, record
from storage.clock import now
from storage.installation import Installation
from tests.catalogue.vendor import CODE, Client, Vendor, fetch
from tests.catalogue.vendor import serving as served_here
from tests.served import serving

RELEASES = 3
FILE_BYTES = 25 * 1000**2
RESTORED_WITHIN_S = 600


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder on a real disk; the tests' own is in memory where there is some."""
    with tempfile.TemporaryDirectory(prefix="flatpro-restore-", dir="/var/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    ("files", "file_bytes"),
    [
        pytest.param(10, 200_000, id="2 MB"),
        pytest.param(
            400, FILE_BYTES, id="10 GB", marks=[pytest.mark.prove, pytest.mark.timeout(3600)]
        ),
    ],
)
def test_proof_r19_a_backup_is_restored_and_served_again_in_time(
    disk: Path, files: int, file_bytes: int
) -> None:
    total = files * file_bytes
    if shutil.disk_usage(disk).free < 2.5 * total:
        pytest.skip(f"not proven: {disk} has no room for {total / 1e9:.0f} GB twice over")
    stored, root = filled(disk / "old", files, file_bytes)
    backup = disk / "backup.tar"
    began = time.monotonic()
    made = flatpro(disk / "old", "backup", str(backup))
    saved_s = time.monotonic() - began
    assert (made["files"], made["lost"]) == (stored, 0)
    key = (disk / "old" / "secrets.key").read_bytes()
    # The disaster; what is left is the backup, and the key that was kept apart.
    shutil.rmtree(disk / "old")

    began = time.monotonic()
    (disk / "new").mkdir(mode=0o700)
    (disk / "new" / "secrets.key").write_bytes(key)
    (disk / "new" / "secrets.key").chmod(0o600)
    restored = flatpro(disk / "new", "restore", str(backup))
    restored_s = time.monotonic() - began
    with served(disk / "new", whole=files > RELEASES * 10) as base:
        client = Client(disk / "client", base, root)
        path = f"fw/{CODE}/1.0.{RELEASES - 1}/{CODE}-1.0.{RELEASES - 1}.bin"
        assert len(client.install(path)) >= file_bytes
        served_s = time.monotonic() - began
    assert restored["files"] == stored
    whole(disk / "new", stored, total)
    print(  # noqa: T201
        f"R19: {total / 1e9:.1f} GB in {stored} files: saved in {saved_s:.0f} s, restored in "
        f"{restored_s:.0f} s, served to a TUF client {served_s:.0f} s after the beginning"
    )
    assert served_s <= RESTORED_WITHIN_S


def filled(folder: Path, files: int, file_bytes: int) -> tuple[int, bytes]:
    """An installation with so many files; how many, and the root that clients begin with."""
    chosen = Settings(data_dir=folder, demo=False)
    place = open_installation(chosen)
    vendor = Vendor(place)
    vendor.add_product()
    for number in range(RELEASES):
        # Its own size is that of the version's text, so many times.
        vendor.publish(f"1.0.{number}", size=file_bytes // 5)
    noise = os.urandom(file_bytes - 8)
    for number in range(RELEASES, files):
        blob = place.blobs.put(io.BytesIO(number.to_bytes(8) + noise))
        with place.database.writing(lasting=False) as session:
            record(session, blob, f"test:{number}", now())
    root = fetch(create_app(place, chosen, PAGES), "/keys/root.json")
    place.database.dispose()
    return files, root


@contextlib.contextmanager
def served(folder: Path, *, whole: bool) -> Iterator[str]:
    """The product as it is started, or, where the time does not count, its pages alone."""
    if whole:
        with serving(folder, FLATPRO_DEMO="0") as product:
            yield product.public
        return
    chosen = Settings(data_dir=folder, demo=False)
    place = open_installation(chosen)
    with served_here(create_app(place, chosen, PAGES)) as base:
        yield base
    place.database.dispose()


def flatpro(folder: Path, *arguments: str) -> dict[str, int]:
    """A command in a process of its own, as an operator types it; its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "portal.cli", *arguments, "--json"],
        env={**os.environ, "FLATPRO_DATA_DIR": str(folder), "FLATPRO_DEMO": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def whole(folder: Path, files: int, total: int) -> None:
    """Every row has its bytes, and nothing else lies there; each was hashed when it came back."""
    place: Installation = open_installation(Settings(data_dir=folder, demo=False))
    try:
        with place.database.reading() as session:
            rows = dict(session.execute(select(Blob.sha256, Blob.size)).all())  # type: ignore[arg-type]  # pairs
        assert len(rows) == files
        assert set(place.blobs.names()) == set(rows)
        assert {sha256: place.blobs.size(sha256) for sha256 in rows} == rows
        assert sum(rows.values()) >= total
    finally:
        place.database.dispose()
