"""TUF's own client, as it comes from its makers, against our server over HTTP."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from securesystemslib.signer import Signer
from tuf.api import exceptions
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets, Timestamp

from catalogue import keys
from catalogue.signing import key_rotation
from catalogue.signing.key_rotation import KeyChange
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import Purpose
from catalogue.tuf.roles import AnyMetadata, listed_file
from storage.clock import now
from tests.catalogue.conftest import MakeClient
from tests.catalogue.vendor import MANUAL, MANUAL_NAME, PDF, LyingMirror, Vendor, fetch

FAR = now() + timedelta(days=30)


class Attacker:
    """Who holds some private keys and the way between the client and us."""

    def __init__(self, mirror: LyingMirror, signers: list[Signer]) -> None:
        self.mirror = mirror
        self.signers = signers

    def fetch(self, path: str) -> AnyMetadata:
        return Metadata.from_bytes(fetch(self.mirror.app, path))

    def lie(self, path: str, metadata: AnyMetadata) -> bytes:
        """Put a file, signed with all stolen keys, in place of ours."""
        metadata.signatures.clear()
        for signer in self.signers:
            metadata.sign(signer, append=True)
        self.mirror.lies[path] = tuf_roles.to_bytes(metadata)
        return self.mirror.lies[path]

    def point_to(self, lists: dict[str, bytes], version: int) -> None:
        """Forge a snapshot and a timestamp that name these lists, from this version on."""
        real = self.fetch("/metadata/timestamp.json")
        snapshot: Metadata[Snapshot] = self.fetch(
            f"/metadata/{real.signed.snapshot_meta.version}.snapshot.json"
        )
        for role, body in lists.items():
            named = listed_file(Metadata.from_bytes(body).signed.version, body)
            forged = tuf_roles.snapshot({role: named}, tuf_roles.Edition(1, FAR))
            snapshot.signed.meta.update(forged.meta)
        snapshot.signed.version, snapshot.signed.expires = version, FAR
        body = self.lie(f"/metadata/{version}.snapshot.json", snapshot)
        timestamp = tuf_roles.timestamp(listed_file(version, body), tuf_roles.Edition(version, FAR))
        self.lie("/metadata/timestamp.json", Metadata(timestamp))


def stolen(vendor: Vendor, *names: str) -> list[Signer]:
    """Private keys out of the data folder."""
    folder = keys.of(vendor.installation).roles
    found = [folder.signer(folder.make(name).keyid) for name in names]
    return [signer for signer in found if signer]


@pytest.mark.parametrize("air_gap", [False, True])
def test_the_stock_client_installs_a_firmware_and_a_document(
    vendor: Vendor, new_client: MakeClient, app: Flask, air_gap: bool
) -> None:
    path = vendor.publish("1.0.0")
    vendor.publish_document()
    client = new_client(air_gap=air_gap)

    image = client.install(path)

    assert image == fetch(app, "/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin")
    assert client.install(MANUAL_NAME) == PDF
    assert client.look("fw/FP-B2/9.9.9/none.bin") is None


def test_a_client_of_an_earlier_publication_finds_the_next_and_not_the_withdrawn(
    vendor: Vendor, new_client: MakeClient
) -> None:
    first = vendor.publish("1.0.0")
    client = new_client()
    client.install(first)

    second = vendor.publish("1.1.0")
    vendor.withdraw("1.0.0")

    assert client.install(second)
    assert client.look(first) is None


def test_changed_bytes_are_refused(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    path = vendor.publish("1.0.0")
    client = new_client()
    info = client.look(path)
    assert info is not None
    folder, _, name = path.rpartition("/")
    real = fetch(mirror.app, f"/targets/{path}")
    mirror.lies[f"/targets/{folder}/{info.hashes['sha256']}.{name}"] = b"\0" + real[1:]

    with pytest.raises(exceptions.LengthOrHashMismatchError):
        client.install(path)


def test_an_old_timestamp_is_refused(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    vendor.publish("1.0.0")
    old = fetch(mirror.app, "/metadata/timestamp.json")
    client = new_client()
    path = vendor.publish("1.1.0")
    client.look(path)

    mirror.lies["/metadata/timestamp.json"] = old

    with pytest.raises(exceptions.BadVersionNumberError):
        client.look(path)


def test_an_old_list_under_a_new_name_is_refused(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    path = vendor.publish("1.0.0")
    attacker = Attacker(mirror, [])
    before = current_list(attacker)
    old = fetch(mirror.app, before)
    vendor.publish("1.1.0")

    mirror.lies[current_list(attacker)] = old

    with pytest.raises(exceptions.LengthOrHashMismatchError):
        new_client().look(path)


def test_the_same_list_in_other_spaces_is_refused(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    path = vendor.publish("1.0.0")
    address = current_list(Attacker(mirror, []))
    real = fetch(mirror.app, address)
    mirror.lies[address] = json.dumps(json.loads(real), indent=1).encode()

    with pytest.raises((exceptions.RepositoryError, exceptions.DownloadError)):
        new_client().look(path)


def current_list(attacker: Attacker, role: str = "fw-FP-B2") -> str:
    """The address of the list that the current snapshot names."""
    timestamp = attacker.fetch("/metadata/timestamp.json").signed
    snapshot = attacker.fetch(f"/metadata/{timestamp.snapshot_meta.version}.snapshot.json").signed
    return f"/metadata/{snapshot.meta[f'{role}.json'].version}.{role}.json"


@pytest.mark.parametrize(
    ("days", "air_gap", "believed"),
    [(2, False, True), (40, False, False), (40, True, True), (200, True, False)],
)
def test_online_files_are_believed_for_days_and_those_of_the_air_gap_for_half_a_year(
    vendor: Vendor, new_client: MakeClient, days: int, air_gap: bool, believed: bool
) -> None:
    path = vendor.publish("1.0.0", at=now() - timedelta(days=days))
    client = new_client(air_gap=air_gap)

    if believed:
        assert client.install(path)
    else:
        with pytest.raises(exceptions.ExpiredMetadataError):
            client.look(path)


def test_files_of_the_air_gap_are_no_good_for_a_client_that_is_online(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    path = vendor.publish("1.0.0")
    offered = fetch(mirror.app, "/metadata/offline/timestamp.json")
    mirror.lies["/metadata/timestamp.json"] = offered

    with pytest.raises(exceptions.UnsignedMetadataError):
        new_client().look(path)


def test_the_next_root_of_the_air_gap_is_no_root_for_a_client_that_is_online(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    path = vendor.publish("1.0.0")
    client = new_client()
    rotate(vendor, Purpose.AIR_GAP_TIMESTAMP)
    mirror.lies["/metadata/2.root.json"] = fetch(mirror.app, "/metadata/offline/2.root.json")

    with pytest.raises(exceptions.UnsignedMetadataError):
        client.look(path)


def rotate(vendor: Vendor, *purposes: Purpose) -> None:
    """Change the oldest key of each purpose for a new one, as the command does."""
    ring = keys.of(vendor.installation)
    changes = [KeyChange(purpose, [f"{purpose}-1"], make=1) for purpose in purposes]
    with vendor.installation.database.writing() as session:
        key_rotation.rotate(session, ring, changes, actor="test", now=now())
    with vendor.installation.database.reading() as session:
        key_rotation.put_away(session, ring)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_client_follows_the_change_of_any_key(
    vendor: Vendor, new_client: MakeClient, purpose: Purpose
) -> None:
    path = vendor.publish("1.0.0")
    vendor.publish_document()
    clients = [new_client("online"), new_client("behind", air_gap=True)]
    for client in clients:
        client.install(path)

    rotate(vendor, purpose)
    newer = vendor.publish("1.1.0")

    for client in clients:
        assert client.install(newer)
        assert client.install(MANUAL_NAME) == PDF


def test_a_client_walks_through_every_root_it_missed(
    vendor: Vendor, new_client: MakeClient
) -> None:
    vendor.publish("1.0.0")
    client = new_client()
    for number in range(1, 4):
        ring = keys.of(vendor.installation)
        change = KeyChange(Purpose.ROOT, [f"root-{number}"], make=1)
        with vendor.installation.database.writing() as session:
            key_rotation.rotate(session, ring, [change], actor="test", now=now())
        with vendor.installation.database.reading() as session:
            key_rotation.put_away(session, ring)

    assert client.install(vendor.publish("1.1.0"))
    roots = client.folder / "metadata" / "root_history"
    assert sorted(path.name for path in roots.iterdir()) == [f"{n}.root.json" for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(("known", "accepted"), [(0, False), (1, False), (2, True)])
def test_a_new_root_needs_two_of_the_three_keys_of_the_old_one(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror, known: int, accepted: bool
) -> None:
    path = vendor.publish("1.0.0")
    thief = [keys.of(vendor.installation).roles.make(f"thief-{n}") for n in (1, 2)]
    names = [f"root-{number + 1}" for number in range(known)] + ["thief-1", "thief-2"]
    attacker = Attacker(mirror, stolen(vendor, *names))
    root: Metadata[Root] = attacker.fetch("/metadata/1.root.json")
    root.signed.version = 2
    for key in thief:
        root.signed.add_key(key, Root.type)
    attacker.lie("/metadata/2.root.json", root)

    if accepted:
        new_client().look(path)
    else:
        with pytest.raises(exceptions.UnsignedMetadataError):
            new_client().look(path)


def test_a_fast_forward_by_stolen_keys_is_cured_by_changing_them(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    vendor.publish("1.0.0")
    client = new_client()
    attacker = Attacker(mirror, stolen(vendor, "snapshot-1", "timestamp-1"))
    attacker.point_to({}, 9_000_000_000)
    client.updater().refresh()
    mirror.lies.clear()
    with pytest.raises(exceptions.BadVersionNumberError):
        client.updater().refresh()

    rotate(vendor, Purpose.SNAPSHOT, Purpose.TIMESTAMP)

    assert client.install(vendor.publish("1.1.0"))


def forged_target(name: str) -> TargetFile:
    return TargetFile.from_data(name, b"evil", ["sha256"])


def test_the_attack_on_firmware_works_where_its_keys_lie_on_the_server(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    """The drill below would prove nothing if its forgery were wrong: in mode local it works."""
    vendor.publish("1.0.0")
    names = ("snapshot-1", "timestamp-1", "firmware-1", "firmware-2")
    assert forge_firmware(Attacker(mirror, stolen(vendor, *names)), new_client)


def forge_firmware(attacker: Attacker, new_client: MakeClient) -> bool:
    """List firmware of the attacker's in the product's own list; whether a client takes it."""
    evil = forged_target("fw/FP-B2/6.6.6/evil.bin")
    address = current_list(attacker)
    content: Metadata[Targets] = attacker.fetch(address)
    content.signed.targets[evil.path] = evil
    content.signed.version += 1
    forged = attacker.lie(f"/metadata/{content.signed.version}.fw-FP-B2.json", content)
    attacker.point_to({"fw-FP-B2": forged}, attacker_version(attacker))
    attacker.mirror.lies[f"/targets/fw/FP-B2/6.6.6/{evil.hashes['sha256']}.evil.bin"] = b"evil"
    return new_client().install(evil.path) == b"evil"


def attacker_version(attacker: Attacker) -> int:
    timestamp: Timestamp = attacker.fetch("/metadata/timestamp.json").signed
    return timestamp.version + 10


def test_a_file_that_a_mirror_lacks_is_an_error_and_no_other_file(
    vendor: Vendor, new_client: MakeClient, mirror: LyingMirror
) -> None:
    path = vendor.publish("1.0.0")
    client = new_client()
    info = client.look(path)
    assert info is not None
    mirror.lies[f"/targets/fw/FP-B2/1.0.0/{info.hashes['sha256']}.FP-B2-1.0.0.bin"] = b""

    with pytest.raises(exceptions.LengthOrHashMismatchError):
        client.install(path)


def test_the_manual_is_known_by_a_name_that_urls_leave_alone() -> None:
    assert MANUAL.replace("%", "%25").replace("#", "%23").replace("?", "%3F") == MANUAL_NAME
