"""R2: the power goes in the middle of publishing; what was acknowledged is on the disk, whole."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from catalogue import products
from portal.app import PAGES, create_app
from tests.storage.power_cut import (
    NEEDED,
    all_whole,
    copy,
    installed,
    mounted,
    new_disk,
    settings,
)
from tests.storage.publishers import Told, listed, publishing

pytestmark = NEEDED


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A disk with an installation on it, as it is before somebody publishes."""
    image = new_disk(tmp_path / "template.img")
    with mounted(image, tmp_path / "making") as disk:
        installed(disk).database.dispose()
    return image


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(10, marks=pytest.mark.timeout(300)),
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
    found = installed(disk)
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
