"""What a mirror's disk lost or spoilt is fetched by the next sync or bundle, and only that."""

from pathlib import Path

import pytest
from flask import Flask

from storage.blob_keeping import scrubbing
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blobs import Health
from storage.clock import now
from tests.catalogue.site import Site, export
from tests.catalogue.vendor import Vendor

ADDRESS = "/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin"


@pytest.fixture
def held(vendor: Vendor, site: Site, app: Flask) -> Path:
    """Where the mirror keeps the first of two releases."""
    vendor.publish("1.0.0")
    vendor.publish("1.1.0")
    site.sync()
    site.fetched.clear()
    blobs = site.installation.blobs
    assert isinstance(blobs, LocalBlobStore)
    etag = app.test_client().head(ADDRESS).get_etag()[0]
    assert etag is not None
    path = blobs.path(etag.removeprefix("sha256-"))
    path.chmod(0o644)
    return path


def scrub(site: Site) -> list[Health]:
    installation = site.installation
    with installation.database.reading() as session:
        turns = scrubbing.every(session)
    found = scrubbing.scrub(installation.database, installation.blobs, turns, now)
    return sorted(one.health for one in found)


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0x10
    path.write_bytes(body)


def test_a_flipped_byte_is_refused_after_the_scrub_and_healed_by_the_next_sync(
    site: Site, held: Path
) -> None:
    before = site.seen()
    flip(held)
    assert scrub(site) == [Health.DAMAGED, Health.GOOD]
    assert site.seen()[ADDRESS] == 503
    assert site.faults()

    outcome = site.sync()

    assert site.fetched == ["fw/FP-B2/1.0.0/FP-B2-1.0.0.bin"]
    assert not outcome.changed
    assert site.seen() == before
    assert site.faults() == []
    assert scrub(site) == [Health.GOOD, Health.GOOD]


def test_a_bundle_heals_too(vendor: Vendor, site: Site, held: Path, tmp_path: Path) -> None:
    before = site.seen()[ADDRESS]
    flip(held)
    scrub(site)

    site.take(export(vendor.installation, tmp_path / "bundle.tar"))

    assert site.seen()[ADDRESS] == before
    assert site.faults() == []


@pytest.mark.parametrize("kept", [None, 0, 1000])
def test_a_lost_or_cut_file_is_fetched_again_without_a_scrub(
    site: Site, held: Path, kept: int | None
) -> None:
    before = site.seen()
    body = held.read_bytes()
    held.unlink()
    if kept is not None:
        held.write_bytes(body[:kept])

    site.sync()

    assert site.fetched == ["fw/FP-B2/1.0.0/FP-B2-1.0.0.bin"]
    assert site.seen() == before
    assert site.faults() == []
