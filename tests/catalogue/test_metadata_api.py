"""The addresses of the TUF repository: what they serve and what caches may do with it."""

import hashlib
import json
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.catalogue.vendor import MANUAL, PDF, Vendor, fetch


@pytest.fixture
def backend() -> str:
    """Rows are rows; the publications run on both databases."""
    return "sqlite"


def newest(client: FlaskClient, view: str = "") -> dict[str, dict]:
    """The files that the newest timestamp leads to, by role, parsed."""
    timestamp = client.get(f"/metadata/{view}timestamp.json").json["signed"]
    version = timestamp["meta"]["snapshot.json"]["version"]
    snapshot = client.get(f"/metadata/{view}{version}.snapshot.json").json["signed"]
    return {"timestamp": timestamp, "snapshot": snapshot}


def test_the_timestamp_is_asked_for_each_time_and_versions_are_kept_for_ever(
    vendor: Vendor, client: FlaskClient
) -> None:
    vendor.set_up()
    timestamp = client.get("/metadata/timestamp.json")
    assert timestamp.headers["Cache-Control"] == "public, no-cache, no-transform"
    again = client.get(
        "/metadata/timestamp.json", headers={"If-None-Match": timestamp.headers["ETag"]}
    )
    assert again.status_code == 304
    for name in (
        "1.root",
        f"{newest(client)['timestamp']['meta']['snapshot.json']['version']}.snapshot",
    ):
        answer = client.get(f"/metadata/{name}.json")
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"] == "application/json"


def test_nothing_is_packed_on_the_way(vendor: Vendor, client: FlaskClient) -> None:
    path = vendor.publish("1.0.0")
    for address in ("/metadata/timestamp.json", f"/targets/{path}"):
        answer = client.get(address, headers={"Accept-Encoding": "gzip, br"}, buffered=True)
        assert "Content-Encoding" not in answer.headers
        assert "no-transform" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "name",
    [
        "2.root.json", "0.root.json", "root.json", "snapshot.json", "1.none.json", "x.json",
        "999999999999999999999999.root.json", "1..json", "1.root", "1.%00.json", "-1.root.json",
        "1.air-gap/root.json", "offline", "",
    ],
)  # fmt: skip
def test_a_file_that_is_not_there_ends_the_walk_and_is_not_remembered(
    vendor: Vendor, client: FlaskClient, name: str
) -> None:
    vendor.set_up()
    for view in ("", "offline/"):
        answer = client.get(f"/metadata/{view}{name}")
        assert answer.status_code == 404
        if "/" not in name and name not in {"", "offline"}:
            assert answer.headers["Cache-Control"] == "no-store"


def test_both_views_share_the_lists_and_nothing_else(vendor: Vendor, client: FlaskClient) -> None:
    vendor.publish("1.0.0")
    online, air_gap = newest(client), newest(client, "offline/")
    assert online["snapshot"]["meta"] == air_gap["snapshot"]["meta"]
    for role, meta in online["snapshot"]["meta"].items():
        for view in ("", "offline/"):
            body = client.get(f"/metadata/{view}{meta['version']}.{role}").data
            assert (len(body), hashlib.sha256(body).hexdigest()) == (
                meta["length"],
                meta["hashes"]["sha256"],
            )
    roots = [
        json.loads(client.get(f"/metadata/{view}1.root.json").data) for view in ("", "offline/")
    ]
    keyids = [set(root["signed"]["roles"]["root"]["keyids"]) for root in roots]
    assert not keyids[0] & keyids[1]
    assert all(len(found) == 3 for found in keyids)


def test_firmware_is_delegated_by_product_with_two_keys_and_documents_with_one(
    vendor: Vendor, client: FlaskClient
) -> None:
    vendor.publish("1.0.0")
    meta = newest(client)["snapshot"]["meta"]
    top = client.get(f"/metadata/{meta['targets.json']['version']}.targets.json").json["signed"]
    roles = {role["name"]: role for role in top["delegations"]["roles"]}
    assert top["targets"] == {}
    assert roles.keys() == {"fw-FP-B2", "docs"}
    assert roles["fw-FP-B2"]["threshold"] == len(roles["fw-FP-B2"]["keyids"]) == 2
    assert roles["fw-FP-B2"]["paths"] == ["fw/FP-B2/*/*"]
    assert all(role["terminating"] for role in roles.values())
    assert roles["docs"]["threshold"] == 1


def test_the_newest_roots_are_where_people_begin(vendor: Vendor, client: FlaskClient) -> None:
    assert client.get("/keys/root.json").status_code == 404
    vendor.set_up()
    assert client.get("/keys/root.json").data == client.get("/metadata/1.root.json").data
    air_gap = client.get("/keys/offline-root.json").data
    assert air_gap == client.get("/metadata/offline/1.root.json").data


def test_a_target_has_a_name_with_its_hash_and_one_without(
    vendor: Vendor, client: FlaskClient
) -> None:
    vendor.publish_document()
    folder, _, name = MANUAL.rpartition("/")
    sha256 = hashlib.sha256(PDF).hexdigest()
    hashed = client.get(quote(f"/targets/{folder}/{sha256}.{name}"), buffered=True)
    plain = client.get(quote(f"/targets/{MANUAL}"), buffered=True)
    assert hashed.data == plain.data == PDF
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "no-cache" in plain.headers["Cache-Control"]
    assert hashed.headers["ETag"] == plain.headers["ETag"] == f'"sha256-{sha256}"'
    part = client.get(quote(f"/targets/{MANUAL}"), headers={"Range": "bytes=5-9"}, buffered=True)
    assert (part.status_code, part.data) == (206, PDF[5:10])


@pytest.mark.parametrize(
    "path",
    [
        "fw/FP-B2/1.0.0/none.bin",
        "fw/FP-B2/1.0.0/",
        "x",
        f"fw/FP-B2/1.0.0/{'0' * 64}.FP-B2-1.0.0.bin",
    ],
)
def test_no_other_name_finds_a_target(vendor: Vendor, client: FlaskClient, path: str) -> None:
    vendor.publish("1.0.0")
    assert client.get(f"/targets/{path}").status_code == 404


def test_a_withdrawn_target_is_found_by_hash_alone(vendor: Vendor, client: FlaskClient) -> None:
    path = vendor.publish("1.0.0")
    body = client.get(f"/targets/{path}", buffered=True).data
    vendor.publish("1.1.0")
    vendor.withdraw("1.0.0")
    folder, _, name = path.rpartition("/")
    sha256 = hashlib.sha256(body).hexdigest()
    assert client.get(f"/targets/{path}").status_code == 404
    assert client.get(f"/targets/{folder}/{sha256}.{name}", buffered=True).data == body
    assert client.get(f"/blob/sha256/{sha256}", buffered=True).data == body


def test_pulp_manifest_names_what_people_and_phones_fetch(
    vendor: Vendor, app: Flask, client: FlaskClient
) -> None:
    vendor.publish("1.0.0")
    vendor.publish("1.1.0")
    vendor.publish_document()
    vendor.withdraw("1.0.0")
    lines = client.get("/PULP_MANIFEST").get_data(as_text=True).splitlines()
    names = {}
    for line in lines:
        name, sha256, size = line.split(",")
        body = fetch(app, f"/{name}" if "%" in name else quote(f"/{name}"))
        assert (hashlib.sha256(body).hexdigest(), len(body)) == (sha256, int(size))
        names[name] = body
    assert "firmware/FP-B2/1.1.0/FP-B2-1.1.0.bin" in names
    assert "firmware/FP-B2/stable/manifest.json.minisig" in names
    assert not any("FP-B2-1.0.0" in name for name in names)
    manifest = json.loads(names["firmware/FP-B2/stable/manifest.json"])
    assert all(release["url"].lstrip("/") in names for release in manifest["releases"])


def test_pulp_manifest_is_empty_before_anything_is_published(client: FlaskClient) -> None:
    assert client.get("/PULP_MANIFEST").data == b""
