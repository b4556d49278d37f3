"""One file behind an air gap: all of it is proved before any of it is seen."""

import io
import json
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.mirrors import bundle as mirror_bundle
from catalogue.mirrors import exporting, syncing
from catalogue.mirrors import tar as mirror_tar
from catalogue.mirrors.looking import Order
from catalogue.mirrors.selection import Selection
from catalogue.mirrors.tar import BadBundleError
from catalogue.mirrors.trust import OtherRootError
from catalogue.tuf.layout import Purpose, View
from storage.clock import now
from storage.refusals import RefusedError
from tests.catalogue.site import Site, export, opened
from tests.catalogue.test_tuf_client import rotate
from tests.catalogue.vendor import MANUAL, Vendor, fetch

ONLINE_ONLY = ("/metadata/timestamp.json", "/metadata/1.root.json", "/keys/root.json")


@pytest.fixture
def backend() -> str:
    """What a bundle brings goes into the rows by the same way as a sync, which runs on both."""
    return "sqlite"


@pytest.fixture
def bundle(vendor: Vendor, tmp_path: Path) -> Path:
    vendor.publish("1.0.0")
    vendor.publish_document()
    return export(vendor.installation, tmp_path / "bundle.tar")


def members(path: Path) -> dict[str, bytes]:
    with path.open("rb") as file:
        found = mirror_tar.index(file)
        return {name: b"".join(mirror_tar.read(file, m)) for name, m in found.items()}


def written(path: Path, contents: dict[str, bytes], *, honest: bool = True) -> Path:
    """A bundle of these members; its header tells of them if it is honest."""
    if honest:
        header = json.loads(contents["bundle.json"])
        sizes = {name: len(body) for name, body in contents.items() if name != "bundle.json"}
        contents = {**contents, "bundle.json": json.dumps({**header, "files": sizes}).encode()}
    with path.open("wb") as file:
        for name, body in contents.items():
            file.write(mirror_tar.header(name, len(body)) + body + mirror_tar.padding(len(body)))
        file.write(mirror_tar.end())
    return path


def test_a_bundle_brings_all_that_the_vendor_offers_and_any_tar_opens_it(
    bundle: Path, site: Site, app: Flask
) -> None:
    outcome = site.take(bundle)

    assert outcome.added == (MANUAL, "fw/FP-B2/1.0.0/FP-B2-1.0.0.bin")
    theirs = Site(site.installation, site.settings, "").seen()
    for address, body in theirs.items():
        if address in ONLINE_ONLY or "1.1.0" in address:
            assert body == 404, address
        else:
            assert body == fetch(app, address), address
    assert site.faults() == []
    assert timedelta(days=80) < outcome.believed_until - now() < timedelta(days=181)
    with tarfile.open(bundle) as opened_by_tar:
        assert opened_by_tar.getnames()[0] == "bundle.json"


def test_the_same_bundle_again_changes_nothing(bundle: Path, site: Site) -> None:
    site.take(bundle)
    before = site.seen()

    again = site.take(bundle)

    assert (again.changed, again.generation, site.seen()) == (False, 1, before)


def test_the_next_bundle_brings_what_is_new(
    bundle: Path, vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    site.take(bundle)
    newer = vendor.publish("1.1.0")

    outcome = site.take(export(vendor.installation, tmp_path / "next.tar"))

    assert outcome.added == (newer,)
    assert site.faults() == []


def test_an_older_bundle_is_refused(
    bundle: Path, vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    vendor.publish("1.1.0")
    site.take(export(vendor.installation, tmp_path / "next.tar"))
    before = site.seen()

    with pytest.raises(RefusedError, match="older than what is held"):
        site.take(bundle)
    assert site.seen() == before


def test_an_older_bundle_is_refused_by_who_was_online_since(
    bundle: Path, vendor: Vendor, site: Site
) -> None:
    vendor.publish("1.1.0")
    site.sync()
    before = site.seen()

    with pytest.raises(RefusedError, match="older"):
        site.take(bundle)
    assert site.seen() == before


def test_who_was_filled_by_a_bundle_goes_on_by_the_network_and_back(
    bundle: Path, vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    site.take(bundle)
    vendor.publish("1.1.0")
    site.sync()
    assert isinstance(site.seen()["/metadata/timestamp.json"], bytes)
    newest = vendor.publish("1.2.0")
    assert site.take(export(vendor.installation, tmp_path / "next.tar")).added == (newest,)
    assert site.faults() == []


@pytest.mark.parametrize(("days", "taken"), [(40, True), (200, False)])
def test_a_bundle_is_believed_for_half_a_year(
    vendor: Vendor, site: Site, tmp_path: Path, days: int, taken: bool
) -> None:
    vendor.publish("1.0.0", at=now() - timedelta(days=days))
    if taken:
        assert site.take(export(vendor.installation, tmp_path / "old.tar")).changed
    else:
        with pytest.raises(RefusedError, match="expired"):
            export(vendor.installation, tmp_path / "old.tar")


def test_an_expired_bundle_is_refused(vendor: Vendor, site: Site, tmp_path: Path) -> None:
    """Made while it was believed, carried for too long: the files in it say so themselves."""
    at = now() - timedelta(days=200)
    vendor.publish("1.0.0", at=at)
    path = tmp_path / "old.tar"
    exporting.export(vendor.installation, path, Selection(), at + timedelta(days=1))

    with pytest.raises(RefusedError, match="expired"):
        site.take(path)
    assert site.seen()["/firmware/FP-B2/manifest.json"] == 404


def test_a_bundle_of_another_root_is_refused(bundle: Path, site: Site, tmp_path: Path) -> None:
    stranger = opened(tmp_path / "stranger", "")
    local = Vendor(stranger.installation)
    local.add_product()
    local.publish("9.9.9")
    other = export(stranger.installation, tmp_path / "other.tar")
    root = members(bundle)["metadata/1.root.json"]

    with pytest.raises(RefusedError, match="the wrong keys"):
        site.take(other, root=root)
    site.take(bundle, root=root)
    before = site.seen()
    with pytest.raises(RefusedError, match="the wrong keys"):
        site.take(other)
    with pytest.raises(OtherRootError):
        site.take(bundle, root=members(other)["metadata/1.root.json"])
    assert site.seen() == before
    stranger.installation.database.dispose()


def test_a_bundle_follows_the_change_of_every_key(
    bundle: Path, vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    site.take(bundle)
    rotate(vendor, *Purpose)
    newer = vendor.publish("1.1.0")

    assert site.take(export(vendor.installation, tmp_path / "next.tar")).added == (newer,)
    fresh = opened(tmp_path / "fresh", "")
    fresh.take(tmp_path / "next.tar", root=members(bundle)["metadata/1.root.json"])
    assert fresh.faults() == []
    fresh.installation.database.dispose()


def test_a_bundle_of_one_product_does_not_silently_drop_the_others(
    vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    vendor.add_product("FP-C5")
    vendor.publish("1.0.0")
    vendor.publish("1.0.0", "FP-C5")
    site.take(export(vendor.installation, tmp_path / "all.tar"))
    part = export(vendor.installation, tmp_path / "part.tar", "FP-B2")
    before = site.seen()

    with pytest.raises(RefusedError, match="--narrow"):
        site.take(part)
    assert site.seen() == before
    assert site.take(part, narrow=True).removed == ("fw/FP-C5/1.0.0/FP-C5-1.0.0.bin",)


def first_blob(contents: dict[str, bytes]) -> str:
    return next(name for name in contents if name.startswith("blobs/"))


def without(prefix: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(contents: dict[str, bytes]) -> dict[str, bytes]:
        gone = next(name for name in contents if name.startswith(prefix))
        return {name: body for name, body in contents.items() if name != gone}

    return change


def changed(prefix: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(contents: dict[str, bytes]) -> dict[str, bytes]:
        name = next(name for name in contents if name.startswith(prefix))
        return {**contents, name: contents[name][:-1] + b"\0"}

    return change


def with_extra(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda contents: {**contents, name: b"extra"}


@pytest.mark.parametrize(
    "change",
    [
        without("blobs/"), without("metadata/timestamp"), without("metadata/1.root"),
        without("lists/firmware/FP-B2/manifest.json.minisig"), without("lists/firmware"),
        without("lists/firmware/FP-B2/stable/manifest.json"),
        changed("blobs/"), changed("metadata/timestamp"), changed("metadata/1.root"),
        changed("lists/firmware/FP-B2/stable/manifest.json"), changed("lists/products.json"),
        with_extra("blobs/" + "0" * 64), with_extra("readme.txt"), with_extra("metadata/x.json"),
        with_extra("lists/firmware/FP-B2/evil.json"), with_extra("metadata/99.root.json"),
    ],
)  # fmt: skip
def test_a_bundle_that_is_not_exactly_what_was_signed_is_refused(
    bundle: Path, site: Site, tmp_path: Path,
    change: Callable[[dict[str, bytes]], dict[str, bytes]],
) -> None:  # fmt: skip
    forged = written(tmp_path / "forged.tar", change(members(bundle)))

    with pytest.raises(RefusedError):
        site.take(forged)
    assert site.seen()["/firmware/FP-B2/manifest.json"] == 404
    assert site.take(bundle).changed


def test_a_header_that_lies_about_its_members_is_refused(
    bundle: Path, site: Site, tmp_path: Path
) -> None:
    contents = {**members(bundle), "blobs/more": b"x"}
    with pytest.raises(BadBundleError, match="says something else"):
        site.take(written(tmp_path / "forged.tar", contents, honest=False))


def hostile(name: str, **fields: object) -> bytes:
    """A tar of one member that Python's own writer makes."""
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(info, io.BytesIO(b"\0" * info.size))
    return made.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\0" * 1024, b"PK\x03\x04" + b"x" * 2000, b"\x1f\x8b" + b"x" * 2000, b"a" * 511,
        hostile("../../etc/passwd"), hostile("/etc/passwd"), hostile("metadata/../../x"),
        hostile("a//b"), hostile("./bundle.json"), hostile("-\n"), hostile("Ж"),
        hostile("bundle.json", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        hostile("bundle.json", type=tarfile.LNKTYPE, linkname="x"),
        hostile("bundle.json", type=tarfile.DIRTYPE), hostile("bundle.json", type=tarfile.FIFOTYPE),
        hostile("n" * 300), hostile("bundle.json", type=tarfile.GNUTYPE_SPARSE),
        mirror_tar.header("bundle.json", (8 << 30) - 1),
        mirror_tar.header("bundle.json", 3) + b"{}",
        mirror_tar.header("x", 0) + mirror_tar.end(),
        mirror_tar.header("bundle.json", 0) * 2 + mirror_tar.end(),
        mirror_tar.header("bundle.json", 0) + mirror_tar.end() + b"more",
        mirror_tar.header("bundle.json", 0) + b"\0" * (1 << 20),
    ],
)  # fmt: skip
def test_a_file_that_is_no_bundle_is_refused_before_anything_is_stored(
    site: Site, tmp_path: Path, body: bytes
) -> None:
    (tmp_path / "hostile.tar").write_bytes(body)
    with pytest.raises(BadBundleError):
        site.take(tmp_path / "hostile.tar")


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_bundle_cut_anywhere_is_refused(
    bundle: Path, tmp_path: Path, data: st.DataObject
) -> None:
    body = bundle.read_bytes()
    cut = data.draw(st.integers(0, len(body) - 513))
    (tmp_path / "cut.tar").write_bytes(body[:cut])
    with pytest.raises(BadBundleError), mirror_bundle.opened(tmp_path / "cut.tar"):
        pass


def test_an_export_that_fails_leaves_no_file(vendor: Vendor, tmp_path: Path) -> None:
    vendor.publish("1.0.0")
    for path in (vendor.installation.data_dir / "blobs").glob("??/*"):
        path.unlink()
    with pytest.raises(RefusedError):
        export(vendor.installation, tmp_path / "never.tar")
    assert not list(tmp_path.glob("never*"))


def test_an_import_killed_half_way_shows_nothing_and_goes_on(bundle: Path, site: Site) -> None:
    """Every file but one is stored when it dies: the next run brings the rest."""

    class Killed(BaseException):
        pass

    def die(done: int, _total: int, _name: str) -> None:
        if done == 1:
            raise Killed

    with pytest.raises(Killed), mirror_bundle.opened(bundle) as file:
        syncing.take(site.installation, file, Order(View.AIR_GAP, progress=die))
    assert site.seen()["/firmware/FP-B2/manifest.json"] == 404
    assert site.take(bundle).changed
    assert site.faults() == []
