"""Power cuts: the disk holds only what was synced, and every acknowledged blob is in it.

The store works on ext4 in a loop-mounted image; a copy of the image at a random moment is what a
disk would hold after the cut. `noauto_da_alloc` keeps ext4 from hiding a forgotten fsync.
"""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CUTS = 20
PROJECT = Path(__file__).parents[2]
PUBLISHER = textwrap.dedent("""
    import io, os, pathlib, random, sys
    from storage.blob_keeping.local_blobs import LocalBlobStore
    store = LocalBlobStore(pathlib.Path(sys.argv[1]))
    chance = random.Random(int(sys.argv[2]))
    while True:
        data = chance.randbytes(chance.randrange(20_000))
        os.write(1, store.put(io.BytesIO(data)).sha256.encode() + b"\\n")
""")

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting an image needs root"),
    pytest.mark.skipif(shutil.which("mkfs.ext4") is None, reason="mkfs.ext4 is not installed"),
]


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    options = "loop,commit=60,noauto_da_alloc"
    subprocess.run(["mount", "-o", options, image, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_power_cut_loses_nothing_acknowledged_and_tears_nothing(tmp_path: Path) -> None:
    chance = random.Random(3)
    image, copy = tmp_path / "disk.img", tmp_path / "after.img"
    acknowledged_in_all = 0
    for seed in range(CUTS):
        with image.open("wb") as file:
            file.truncate(64 * 1024 * 1024)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        with mounted(image, tmp_path / "before") as disk:
            acknowledged = cut_while_publishing(disk, seed, chance.uniform(0.2, 0.8), image, copy)
        with mounted(copy, tmp_path / "after") as disk:
            found = stored(disk / "blobs")
        wrong = [name for name, data in found.items() if hashlib.sha256(data).hexdigest() != name]
        assert wrong == []
        assert acknowledged <= found.keys()
        acknowledged_in_all += len(acknowledged)
    assert acknowledged_in_all > CUTS, "some were stored before the cut"


def cut_while_publishing(
    disk: Path, seed: int, after_s: float, image: Path, copy: Path
) -> set[str]:
    """What was acknowledged when the power went; the disk's state then is in `copy`."""
    with subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, str(disk / "blobs"), str(seed)],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    ) as publisher:
        assert publisher.stdout is not None
        time.sleep(after_s)
        publisher.send_signal(signal.SIGSTOP)
        shutil.copyfile(image, copy)
        publisher.send_signal(signal.SIGKILL)
        lines = publisher.stdout.read().decode().splitlines(keepends=True)
    return {line.strip() for line in lines if line.endswith("\n")}


def stored(root: Path) -> dict[str, bytes]:
    files = root.glob("[0-9a-f][0-9a-f]/*")
    return {path.parent.name + path.name: path.read_bytes() for path in files}
