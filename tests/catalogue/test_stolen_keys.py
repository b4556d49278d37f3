"""Mode offline: whoever takes the server over gets no client and no phone to take new firmware."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from tuf.api import exceptions
from tuf.api.metadata import Metadata, Targets

from catalogue import keys
from catalogue.minisign import SigningKey
from simulator.manifest import Channel, read_manifest, read_statement
from simulator.refusal import RefusedError
from simulator.trust import Trust
from storage.clock import now
from tests.catalogue.conftest import MakeClient
from tests.catalogue.test_tuf_client import (
    Attacker,
    attacker_version,
    current_list,
    forge_firmware,
    forged_target,
)
from tests.catalogue.vendor import LyingMirror, People, Vendor, fetch


@pytest.fixture
def published(people: People, vendor: Vendor) -> str:
    path = vendor.publish("1.0.0")
    people.sign_all()
    return path


@pytest.fixture
def thief(published: str, vendor: Vendor, mirror: LyingMirror) -> Attacker:
    """Everything in the data folder that can sign."""
    assert published
    folder = keys.of(vendor.installation).roles
    names = [path.stem for path in folder.path.glob("*.pem")]
    assert {"snapshot-1", "timestamp-1", "docs-1"} <= set(names)
    assert not any(
        name.startswith(("root", "air-gap-root", "targets", "firmware")) for name in names
    )
    found = [folder.signer(folder.make(name).keyid) for name in names]
    return Attacker(mirror, [signer for signer in found if signer])


def test_a_forged_list_of_firmware_is_refused(thief: Attacker, new_client: MakeClient) -> None:
    with pytest.raises(exceptions.UnsignedMetadataError):
        forge_firmware(thief, new_client)


def test_the_list_of_documents_cannot_speak_of_firmware(
    thief: Attacker, new_client: MakeClient
) -> None:
    forged = {}
    evil = forged_target("fw/FP-B2/6.6.6/evil.bin")
    for role in ("docs", *(f"docs-{number:02x}" for number in range(32))):
        content: Metadata[Targets] = thief.fetch(current_list(thief, role))
        content.signed.targets[evil.path] = evil
        content.signed.version += 1
        forged[role] = thief.lie(f"/metadata/{content.signed.version}.{role}.json", content)
    thief.point_to(forged, attacker_version(thief))

    assert new_client().look(evil.path) is None


def test_the_list_of_documents_cannot_delegate_firmware(
    thief: Attacker, new_client: MakeClient
) -> None:
    content: Metadata[Targets] = thief.fetch(current_list(thief, "docs"))
    assert content.signed.delegations is not None
    assert content.signed.delegations.roles
    for role in content.signed.delegations.roles.values():
        role.path_hash_prefixes, role.paths = None, ["fw/*/*/*"]
    content.signed.version += 1
    forged = thief.lie(f"/metadata/{content.signed.version}.docs.json", content)
    thief.point_to({"docs": forged}, attacker_version(thief))

    assert new_client().look("fw/FP-B2/6.6.6/evil.bin") is None


def test_a_forged_top_list_or_root_is_refused(thief: Attacker, new_client: MakeClient) -> None:
    client = new_client()
    root = thief.fetch("/metadata/1.root.json")
    root.signed.version = 2
    for signer in thief.signers:
        root.signed.add_key(signer.public_key, "root")
    thief.lie("/metadata/2.root.json", root)
    with pytest.raises(exceptions.UnsignedMetadataError):
        client.updater().refresh()
    thief.mirror.lies.clear()

    top = thief.fetch(current_list(thief, "targets"))
    top.signed.version += 1
    forged = thief.lie(f"/metadata/{top.signed.version}.targets.json", top)
    thief.point_to({"targets": forged}, attacker_version(thief))
    with pytest.raises(exceptions.UnsignedMetadataError):
        client.updater().refresh()


def test_one_of_the_two_people_is_not_enough(
    people: People, vendor: Vendor, new_client: MakeClient, published: str
) -> None:
    path = vendor.publish("1.1.0")

    received = people.sign("firmware-1", "root-1", "root-2", "root-3", "targets-1", "targets-2")

    assert not received.listed
    assert new_client().look(path) is None
    assert new_client("other").install(published)


def test_what_the_thief_signs_for_phones_is_refused(
    thief: Attacker, vendor: Vendor, people: People, app: Flask
) -> None:
    ring = keys.of(vendor.installation)
    assert ring.firmware is None
    phone = Trust.of([ring.online.public.line], [people.statement_key.public.line])
    expected = Channel("FP-B2", "stable", 0, now() - timedelta(days=1))
    real = fetch(app, "/firmware/FP-B2/stable/manifest.json")
    signature = fetch(app, "/firmware/FP-B2/stable/manifest.json.minisig").decode()
    release = read_manifest(real, signature, phone, expected).release("1.0.0")
    assert read_statement(release, phone).version == "1.0.0"

    forged = json.loads(real)
    entry = forged["releases"][0]
    entry["statement"] = entry["statement"].replace("1.0.0", "6.6.6")
    entry["version"] = "6.6.6"
    for key in (ring.online, SigningKey.generate()):
        entry["statement_sig"] = key.sign(entry["statement"].encode(), "FP-B2 6.6.6")
        body = json.dumps(forged).encode()
        manifest = read_manifest(body, ring.online.sign(body, "x"), phone, expected)
        with pytest.raises(RefusedError):
            read_statement(manifest.release("6.6.6"), phone)
    assert thief.signers
