"""Half a year behind an air gap: its phones take firmware for as long as its TUF files hold."""

from datetime import timedelta
from pathlib import Path

import pytest

from catalogue import keys, product_list, products, repository, signed_files
from catalogue.mirrors import exporting, status
from catalogue.mirrors.selection import Selection
from firmware import manifests
from simulator.manifest import Channel, StaleManifestError, read_manifest
from simulator.trust import Trust
from storage.clock import now
from storage.refusals import RefusedError
from tests.catalogue.site import Site
from tests.catalogue.vendor import CODE, Vendor, fetch

#: The lists were signed this long before the export: a moment later they would be signed again.
OLDEST = signed_files.RENEW_AFTER - timedelta(hours=1)


@pytest.fixture
def backend() -> str:
    """The dates are reckoned before they come to the rows."""
    return "sqlite"


def exported(vendor: Vendor, path: Path, days_ago: int) -> Path:
    """A bundle made so long ago, of lists as old as they get."""
    at = now() - timedelta(days=days_ago)
    vendor.publish("1.0.0", at=at - OLDEST)
    with vendor.installation.database.writing() as session:
        assert not signed_files.ageing(session, at)
        repository.renew(session, keys.of(vendor.installation), at)
    exporting.export(vendor.installation, path, Selection(), at)
    return path


def test_phones_behind_an_air_gap_take_the_manifest_170_days_after_the_export(
    vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    site.take(exported(vendor, tmp_path / "bundle.tar", 170))

    address = f"/firmware/{CODE}/stable/manifest.json"
    body, signature = fetch(site.app, address), fetch(site.app, f"{address}.minisig").decode()
    trust = Trust.of(
        [fetch(site.app, "/keys/minisign.pub").decode()],
        [fetch(site.app, "/keys/firmware.pub").decode()],
    )
    manifest = read_manifest(body, signature, trust, Channel(CODE, "stable", 0, now()))
    assert [release.version for release in manifest.releases] == ["1.0.0"]
    with pytest.raises(StaleManifestError):
        later = now() + signed_files.LIFETIME
        read_manifest(body, signature, trust, Channel(CODE, "stable", 0, later))
    with pytest.raises(StaleManifestError):
        newer = Channel(CODE, "stable", manifest.serial + 1, now())
        read_manifest(body, signature, trust, newer)


def test_the_status_of_170_days_is_believed_and_of_190_days_is_expired(
    vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    site.take(exported(vendor, tmp_path / "bundle.tar", 170))

    with site.installation.database.reading() as session:
        today = status.read(session, site.installation.blobs, now())
        later = status.read(session, site.installation.blobs, now() + timedelta(days=20))
    assert (today.expired, later.expired) == (False, True)
    assert later.as_row()["expired"] is True
    assert timedelta(days=2) < today.believed_until - now() < timedelta(days=11)


def test_a_bundle_of_190_days_ago_is_refused(vendor: Vendor, site: Site, tmp_path: Path) -> None:
    bundle = exported(vendor, tmp_path / "bundle.tar", 190)
    with pytest.raises(RefusedError, match="expired"):
        site.take(bundle)


def test_lists_are_signed_again_in_time_with_a_risen_serial(vendor: Vendor) -> None:
    at = now()
    vendor.publish("1.0.0", at=at)
    path, ring = manifests.manifest_path(CODE, "stable"), keys.of(vendor.installation)
    with vendor.installation.database.writing() as session:
        before = signed_files.get(session, path).serial
        due = at + signed_files.RENEW_AFTER + timedelta(hours=1)
        assert not signed_files.ageing(session, at + OLDEST)
        assert signed_files.ageing(session, due)
        manifests.refresh(session, products.get(session, CODE), ring, due)
        product_list.refresh(session, ring, due)
        assert not signed_files.ageing(session, due)
        assert signed_files.get(session, path).serial > before
        assert all(
            file.expires_at is not None and file.expires_at >= due + timedelta(days=180)
            for file in signed_files.every(session)
        )
