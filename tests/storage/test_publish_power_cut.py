"""R2: the power goes in the middle of publishing; what was acknowledged is on the disk, whole.

The data folder lies on ext4 in a loop-mounted image; a copy of the image at a random moment is what
the disk would hold. `noauto_da_alloc` keeps ext4 from hiding a forgotten fsync.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from catalogue import products
from portal.app import PAGES, create_app
from portal.installing import open_installation
from portal.settings import Settings
from storage.blobs import Health
from storage.installation import Installation
from tests.storage.publishers import Told, listed, publishing

IMAGE_BYTES = 64 * 1024 * 1024

pytestmark = [
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


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A disk with an installation on it, as it is before somebody publishes."""
    image = tmp_path / "template.img"
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    with mounted(image, tmp_path / "making") as disk:
        open_installation(settings(disk)).database.dispose()
    return image


def settings(disk: Path) -> Settings:
    return Settings(data_dir=disk / "data", demo=False)


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(30, marks=pytest.mark.timeout(300)),
        pytest.param(300, marks=[pytest.mark.prove, pytest.mark.timeout(3600)]),
    ],
)
def test_proof_r2_a_power_cut_takes_nothing_acknowledged_and_tears_nothing(
    template: Path, tmp_path: Path, rounds: int
) -> None:
    chance = random.Random(rounds)
    before, after = tmp_path / "before.img", tmp_path / "after.img"
    acknowledged, window_s = 0, 1.2
    with publishing(tmp_path / "before" / "data", tmp_path / "work") as publisher:
        for number in range(rounds):
            copy(template, before)
            with mounted(before, tmp_path / "before"):
                delay_s = chance.uniform(0.2, window_s)
                product = f"FP-P{number}"
                publisher.ask(do="loop", product=product, delay_s=delay_s, pause=True)
                copy(before, after)
                told = Told.of(publisher.ask()["told"])
            with mounted(after, tmp_path / "after") as disk:
                look(disk, product, told)
            acknowledged += told.product + len(told.releases)
            # A busy machine publishes slowly: keep the cuts around the first publications.
            window_s = 1.2 if told.releases else min(6.0, window_s * 1.3)
    print(f"R2: {rounds} power cuts, {acknowledged} acknowledged, 0 lost, 0 torn")  # noqa: T201
    assert acknowledged > rounds / 2


def look(disk: Path, product: str, told: Told) -> None:
    """Start on what the disk holds, and compare with what was acknowledged."""
    found = open_installation(settings(disk))
    try:
        with found.database.reading() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
            assert not told.product or products.get(session, product).code == product
        client = create_app(found, settings(disk), PAGES).test_client()
        listing = listed(getting(client), product)
        assert told.releases.items() <= listing.items(), "an acknowledged release is lost"
        assert all_whole(found)
    finally:
        found.database.dispose()


def getting(client: object) -> Callable[[str], tuple[int, bytes]]:
    def get(address: str) -> tuple[int, bytes]:
        with client.get(address) as answer:  # type: ignore[attr-defined]  # Flask's test client
            return answer.status_code, answer.data

    return get


def all_whole(found: Installation) -> bool:
    return all(found.blobs.check(name) is Health.GOOD for name in found.blobs.names())


def copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", source, target], check=True)
