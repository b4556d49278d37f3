"""A disk whose power can be cut: ext4 in a loop-mounted image that is copied at any moment.

The copy is what the disk would hold. `noauto_da_alloc` keeps ext4 from hiding a forgotten fsync.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portal.installing import open_installation
from portal.settings import Settings
from storage.blobs import Health
from storage.installation import Installation

IMAGE_BYTES = 64 * 1024 * 1024

NEEDED = [
    pytest.mark.skipif(os.geteuid() != 0, reason="not proven: mounting an image needs root"),
    pytest.mark.skipif(
        shutil.which("mkfs.ext4") is None, reason="not proven: mkfs.ext4 is not installed"
    ),
]


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    options = "loop,commit=60,noauto_da_alloc"
    done = subprocess.run(
        ["mount", "-o", options, image, place], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"not proven: no loop device can be mounted here ({done.stderr.strip()})")
    try:
        yield place
    finally:
        # A proof that failed may have left its publisher stopped, with files open.
        if subprocess.run(["umount", place], check=False).returncode != 0:
            subprocess.run(["umount", "--lazy", place], check=True)


def new_disk(image: Path) -> Path:
    """An empty disk."""
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    return image


def installed(folder: Path) -> Installation:
    """The installation on a mounted disk, made or opened as a start does."""
    return open_installation(settings(folder))


def settings(disk: Path) -> Settings:
    return Settings(data_dir=disk / "data", demo=False)


def all_whole(found: Installation) -> bool:
    """Whether every stored file has the bytes of its name: none is torn or empty."""
    return all(found.blobs.check(name) is Health.GOOD for name in found.blobs.names())


def copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", source, target], check=True)
