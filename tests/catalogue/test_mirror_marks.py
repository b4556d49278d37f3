"""A mirror leads phones as its vendor does: broken versions and floors come and go with his."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from catalogue import keys, products
from catalogue.versions import Version
from firmware import manifests, offering, publishing, releases
from firmware.images import build_image
from firmware.offering import OfferedRelease, Recipient
from firmware.publishing import NewRelease
from firmware.version_marks import marking
from firmware.version_marks.marking import NewMark
from firmware.version_marks.models import VersionMark
from storage.clock import now
from storage.installation import Installation
from tests.catalogue.site import Site
from tests.catalogue.vendor import CODE, Vendor

VECTORS = Path(__file__).parents[2] / "docs" / "vectors" / "upgrade-path.json"
HARDWARE = ("A", "B")


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["cases"]
    return [case for case in found if case["releases"]]


def due(installation: Installation, phone: Recipient) -> OfferedRelease | None:
    with installation.database.reading() as session:
        return offering.release_due(session, phone)


def mark(vendor: Vendor, new: NewMark, *, gone: bool = False) -> None:
    ring = keys.of(vendor.installation)
    with vendor.installation.database.writing() as session:
        verb = marking.remove_mark if gone else marking.set_mark
        verb(session, new, ring, actor="test", now=now())


def publish(vendor: Vendor, code: str, case: dict[str, Any]) -> None:
    """A product with the releases, shares and marks of a case."""
    installation, ring = vendor.installation, keys.of(vendor.installation)
    with installation.database.writing() as session:
        products.add(
            session, products.NewProduct(code, code, code, HARDWARE), actor="test", now=now()
        )
    for said in sorted(case["releases"], key=lambda said: Version.parse(said["version"])):
        version = said["version"]
        image = build_image(code, version, tuple(said["hardware"]), version.encode())
        stored = publishing.store_image(installation.blobs, io.BytesIO(image))
        new = NewRelease(
            code, version, f"{code}-{version}.bin", "stable", min_from=said["min_from"]
        )
        with installation.database.writing() as session:
            release = publishing.publish(session, new, stored, ring, actor="test", now=now())
            release.percent = said["rollout"]["percent"]
            release.salt = said["rollout"]["salt"]
    for said in case["releases"]:
        if said["status"] == "withdrawn":
            vendor.withdraw(said["version"], code)
        for hardware in said["broken"]:
            mark(vendor, NewMark(code, said["version"], "broken", hardware, "a fault"))
    for hardware, version in case["floors"].items():
        mark(vendor, NewMark(code, version, "floor", hardware))
    with installation.database.writing() as session:
        manifests.refresh(session, products.get(session, code), ring, now())


def test_phones_of_a_mirror_take_the_steps_of_the_vectors(vendor: Vendor, site: Site) -> None:
    found = {f"FP-V{number}": case for number, case in enumerate(cases())}
    for code, case in found.items():
        publish(vendor, code, case)

    site.sync()

    for code, case in found.items():
        for query in case["queries"]:
            phone = Recipient(code, query["hardware"], query["running"], "stable", query["mac"])
            offered = due(site.installation, phone)
            wanted = query["version"] if query["answer"] == "take" else None
            assert (offered and offered.version) == wanted, (case["name"], query)
            assert offered == due(vendor.installation, phone), (case["name"], query)


@pytest.mark.parametrize(
    ("new", "before", "after"),
    [
        (NewMark(CODE, "1.2.0", "broken", None, "a fault"), "1.2.0", "1.1.0"),
        (NewMark(CODE, "1.2.0", "broken", "A", "a fault"), "1.2.0", "1.1.0"),
        (NewMark(CODE, "1.1.0", "broken", "A", "a fault"), "1.2.0", "1.2.0"),
    ],
)
def test_what_the_vendor_marks_and_unmarks_is_marked_and_unmarked_on_a_mirror(
    vendor: Vendor, site: Site, new: NewMark, before: str, after: str
) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        vendor.publish(version)
    phone = Recipient(CODE, "A", "1.0.0", "stable", "02f1a7000001")
    site.sync()

    for gone, wanted in ((False, after), (True, before)):
        mark(vendor, new, gone=gone)
        site.sync()
        offered = due(site.installation, phone)
        assert offered == due(vendor.installation, phone)
        assert offered is not None
        assert offered.version == wanted
        with site.installation.database.reading() as session:
            product = products.get(session, CODE)
            rows: list[VersionMark] = marking.of_product(session, product)
            assert [(row.version, row.hardware) for row in rows] == (
                [] if gone else [(new.version, "A")]
            )
            assert releases.marks_of(releases.of_product(session, product.id)) == [
                row.mark for row in rows
            ]


def test_a_raised_floor_and_one_taken_away_reach_a_mirror(vendor: Vendor, site: Site) -> None:
    for version in ("1.0.0", "1.1.0"):
        vendor.publish(version)
    for floor in ("1.0.5", "1.1.0"):
        mark(vendor, NewMark(CODE, floor, "floor"))
        site.sync()
        with site.installation.database.reading() as session:
            rows = marking.of_product(session, products.get(session, CODE))
            assert [(row.kind, row.version) for row in rows] == [("floor", floor)]
    for floor in ("1.0.5", "1.1.0"):
        mark(vendor, NewMark(CODE, floor, "floor"), gone=True)
    site.sync()
    with site.installation.database.reading() as session:
        assert marking.of_product(session, products.get(session, CODE)) == []


def test_marks_of_a_product_that_is_chosen_no_more_go_with_it(vendor: Vendor, site: Site) -> None:
    vendor.add_product("FP-C5")
    vendor.publish("1.0.0")
    vendor.publish("1.0.0", "FP-C5")
    mark(vendor, NewMark(CODE, "1.0.0", "floor"))
    site.sync()

    site.sync(products=("FP-C5",))

    with site.installation.database.reading() as session:
        assert marking.of_product(session, products.get(session, CODE)) == []
