"""A mirror that copies by the network: the same bytes at the same addresses, or no change."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from catalogue import keys, product_list, products, repository, signed_files
from catalogue.mirrors import tar
from catalogue.mirrors.mode import MirrorPublishesNothingError, PublisherIsNoMirrorError
from catalogue.mirrors.trust import OtherRootError
from docs_store import library
from firmware import manifests, offering
from firmware.offering import Recipient
from storage.clock import now
from storage.refusals import RefusedError
from tests.catalogue.site import ADDRESSES, Site, export, opened
from tests.catalogue.vendor import (
    MANUAL,
    MANUAL_NAME,
    PDF,
    Client,
    LyingMirror,
    People,
    Vendor,
    fetch,
    serving,
)


def seen_at(app: Flask) -> dict[str, bytes | int]:
    client = app.test_client()
    answers = {path: client.get(path, buffered=True) for path in ADDRESSES}
    return {p: a.data if a.status_code == 200 else a.status_code for p, a in answers.items()}


def test_a_mirror_serves_the_upstreams_bytes_at_the_same_addresses(
    vendor: Vendor, site: Site, app: Flask
) -> None:
    vendor.publish("1.0.0")
    vendor.publish("1.1.0")
    vendor.publish_document()

    outcome = site.sync()

    assert outcome.added == (
        MANUAL, "fw/FP-B2/1.0.0/FP-B2-1.0.0.bin", "fw/FP-B2/1.1.0/FP-B2-1.1.0.bin"
    )  # fmt: skip
    theirs, ours = seen_at(app), site.seen()
    assert all(isinstance(body, bytes) for body in ours.values())
    assert ours == theirs
    assert site.faults() == []


def test_a_vendors_software_is_left_out_and_stops_nothing(
    vendor: Vendor, site: Site, app: Flask
) -> None:
    vendor.publish("1.0.0")
    path = vendor.publish_software()
    address = f"/software/{path.removeprefix('sw/')}"
    assert app.test_client().get(address, buffered=True).status_code == 200
    assert site.sync().added == ("fw/FP-B2/1.0.0/FP-B2-1.0.0.bin",)
    mirror = site.app.test_client()
    assert mirror.get(address).status_code == 404
    assert path not in mirror.get("/PULP_MANIFEST").text
    assert site.faults() == []


def test_stock_clients_install_from_a_mirror_with_the_vendors_root(
    vendor: Vendor, site: Site, app: Flask, tmp_path: Path
) -> None:
    path = vendor.publish("1.0.0")
    vendor.publish_document()
    site.sync()
    roots = {"/metadata/": "/keys/root.json", "/metadata/offline/": "/keys/offline-root.json"}
    with serving(site.app) as address:
        for number, (metadata, root) in enumerate(roots.items()):
            folder = tmp_path / f"client-{number}"
            client = Client(folder, address, fetch(app, root), metadata)
            assert client.install(path) == fetch(app, "/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin")
            assert client.install(MANUAL_NAME) == PDF


def test_the_next_sync_brings_only_what_is_new_and_withdraws_what_was_withdrawn(
    vendor: Vendor, site: Site, app: Flask
) -> None:
    vendor.publish("1.0.0")
    vendor.publish("1.1.0")
    site.sync()
    site.fetched.clear()
    newer = vendor.publish("1.2.0")
    vendor.withdraw("1.1.0")

    outcome = site.sync()

    assert site.fetched == [newer]
    assert outcome.removed == ("fw/FP-B2/1.1.0/FP-B2-1.1.0.bin",)
    assert site.seen() == seen_at(app)
    assert site.seen()["/firmware/FP-B2/1.1.0/FP-B2-1.1.0.bin"] == 410
    assert site.faults() == []
    again = site.sync()
    assert (again.changed, again.generation) == (False, 2)


def test_phones_get_from_a_mirror_what_they_would_get_from_the_vendor(
    vendor: Vendor, site: Site
) -> None:
    vendor.publish("1.0.0")
    vendor.publish("1.1.0")
    site.sync()
    phone = Recipient("FP-B2", "A", "1.0.0", "stable", "02f1a7000001")

    due = []
    for installation in (vendor.installation, site.installation):
        with installation.database.reading() as session:
            due.append(offering.release_due(session, phone))

    assert due[0] == due[1]
    assert due[0] is not None
    assert due[0].version == "1.1.0"


def test_a_part_is_mirrored_and_nothing_else_is_named(
    vendor: Vendor, site: Site, app: Flask, tmp_path: Path
) -> None:
    vendor.add_product("FP-C5")
    mine, other = vendor.publish("1.0.0"), vendor.publish("1.0.0", "FP-C5")
    vendor.publish_document()

    site.sync(products=("FP-B2",), kinds=("firmware",))

    index = json.loads(fetch(site.app, "/manifest.json"))
    assert [entry["product"] for entry in index["products"]] == ["FP-B2"]
    assert index["documents"] == []
    client = site.app.test_client()
    for address in (
        f"/targets/{other}", f"/targets/{MANUAL}", "/firmware/FP-C5/manifest.json",
        "/firmware/FP-C5/1.0.0/FP-C5-1.0.0.bin", "/docs/b2-manual/", "/downloads/FP-C5/",
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address
    listed = fetch(site.app, "/PULP_MANIFEST").decode()
    assert "FP-B2-1.0.0.bin" in listed
    assert "FP-C5" not in listed
    assert "docs/" not in listed
    # What is held installs with any client; a file that is named and not held is a plain 404.
    with serving(site.app) as address:
        client = Client(tmp_path / "client", address, fetch(app, "/keys/root.json"))
        assert client.install(mine)
        assert client.look(other) is not None
    assert site.faults() == []


def test_documents_are_chosen_by_language_and_keep_what_is_said_of_them(
    vendor: Vendor, site: Site
) -> None:
    vendor.publish("1.0.0")
    vendor.publish_document()

    assert MANUAL not in site.sync(languages=("en",)).added
    assert site.sync(languages=("ru",)).added == (MANUAL,)

    with vendor.installation.database.reading() as session:
        theirs = library.documents_index(session)
    with site.installation.database.reading() as session:
        ours = library.documents_index(session)
    assert [entry.as_json() for entry in ours] == [entry.as_json() for entry in theirs]
    assert ours[0].products == ("FP-B2",)


def test_what_was_chosen_is_remembered_and_what_is_chosen_no_more_goes(
    vendor: Vendor, site: Site
) -> None:
    vendor.add_product("FP-C5")
    vendor.publish("1.0.0")
    other = vendor.publish("1.0.0", "FP-C5")
    site.sync(products=("FP-B2",))

    assert other not in site.sync(chosen=False).added
    assert site.sync(products=("FP-C5",)).removed == ("fw/FP-B2/1.0.0/FP-B2-1.0.0.bin",)

    assert site.seen()["/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin"] == 404
    assert site.seen()["/firmware/FP-B2/manifest.json"] == 404
    with pytest.raises(RefusedError, match="nothing of that"):
        site.sync(products=("FP-NONE",))


def test_a_mirror_publishes_nothing_of_its_own(vendor: Vendor, site: Site, app: Flask) -> None:
    vendor.publish("1.0.0")
    site.sync()
    local = Vendor(site.installation)
    before = site.seen()

    for forbidden in (
        lambda: local.publish("1.1.0"),
        lambda: local.withdraw("1.0.0"),
        local.publish_document,
    ):
        with pytest.raises(MirrorPublishesNothingError, match="is a mirror of"):
            forbidden()
    assert site.seen() == before == seen_at(app)


def test_no_list_of_a_mirror_is_signed_again_here(vendor: Vendor, site: Site) -> None:
    """What signs by itself (jobs) and a promotion end in these two."""
    vendor.publish("1.0.0")
    site.sync()
    ring = keys.of(site.installation)

    with site.installation.database.writing() as session:
        assert not signed_files.ageing(session, now() + timedelta(days=80))
        assert repository.ensure(session, ring, now()) == frozenset()
    with (
        pytest.raises(MirrorPublishesNothingError),
        site.installation.database.writing() as session,
    ):
        manifests.refresh(session, products.get(session, "FP-B2"), ring, now())


def test_who_has_published_does_not_become_a_mirror(vendor: Vendor, site: Site) -> None:
    vendor.publish("1.0.0")
    local = Vendor(site.installation)
    local.add_product()
    local.publish("0.9.0")

    with pytest.raises(PublisherIsNoMirrorError):
        site.sync()


def test_an_installation_that_has_only_its_own_first_keys_becomes_a_mirror(
    vendor: Vendor, site: Site, app: Flask
) -> None:
    vendor.publish("1.0.0")
    with site.installation.database.writing() as session:
        later = now() + timedelta(minutes=5)
        repository.ensure(session, keys.of(site.installation), later)
        product_list.refresh(session, keys.of(site.installation), later)

    site.sync()

    assert site.seen() == seen_at(app)


def test_the_root_that_the_operator_gives_is_the_one_that_counts(
    vendor: Vendor, site: Site, app: Flask, tmp_path: Path
) -> None:
    vendor.publish("1.0.0")
    root = fetch(app, "/keys/root.json")
    strange = opened(tmp_path / "stranger", "")
    Vendor(strange.installation).set_up()
    other = fetch(strange.app, "/keys/root.json")

    with pytest.raises(RefusedError, match="the wrong keys"):
        site.sync(root=other)
    assert site.sync(root=root).new_pins
    assert site.sync(root=root).new_pins == {}
    with pytest.raises(OtherRootError):
        site.sync(root=other)
    strange.installation.database.dispose()


def test_a_mirror_of_people_who_sign_elsewhere_shows_what_they_signed(
    people: People, site: Site, app: Flask
) -> None:
    people.vendor.publish("1.0.0")
    people.sign_all()
    people.vendor.publish("1.1.0")

    outcome = site.sync()

    assert outcome.added == ("fw/FP-B2/1.0.0/FP-B2-1.0.0.bin",)
    assert site.seen() == seen_at(app)
    people.sign_all()
    assert site.sync().added == ("fw/FP-B2/1.1.0/FP-B2-1.1.0.bin",)
    # A withdrawal is in the manifests at once, and in TUF's lists once people have signed it.
    people.vendor.withdraw("1.0.0")
    site.sync()
    assert site.seen()["/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin"] == 410


def test_a_mirror_of_a_mirror_is_a_mirror(
    vendor: Vendor, site: Site, app: Flask, tmp_path: Path
) -> None:
    vendor.publish("1.0.0")
    vendor.publish_document()
    site.sync()
    with serving(site.app) as address:
        second = opened(tmp_path / "second", address)
        second.sync(root=fetch(app, "/keys/root.json"))
        assert second.seen() == seen_at(app)
        assert second.faults() == []
        second.installation.database.dispose()


def test_an_export_of_a_mirror_is_an_export_of_its_vendor(
    vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    vendor.publish("1.0.0")
    site.sync()
    bundles = []
    for installation in (vendor.installation, site.installation):
        with export(installation, tmp_path / "bundle.tar").open("rb") as file:
            members = tar.index(file)
            bundles.append({n: b"".join(tar.read(file, m)) for n, m in members.items()})
    theirs, ours = bundles
    assert theirs.keys() == ours.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == ["bundle.json"]


def test_nothing_is_fetched_twice_after_a_break(
    vendor: Vendor, site: Site, mirror: LyingMirror
) -> None:
    vendor.publish("1.0.0")
    second = vendor.publish("1.1.0")
    real = fetch(mirror.app, f"/targets/{second}")
    address = next(
        f"/targets/fw/FP-B2/1.1.0/{line.split(',')[1]}.FP-B2-1.1.0.bin"
        for line in fetch(mirror.app, "/PULP_MANIFEST").decode().splitlines()
        if "1.1.0/" in line
    )
    mirror.lies[address] = b"\0" + real[1:]
    with pytest.raises(RefusedError, match="the bytes are others"):
        site.sync()
    mirror.lies.clear()
    site.fetched.clear()

    site.sync()

    assert site.fetched == [second]
