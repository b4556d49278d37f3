"""Mode offline: drafts wait, the right people sign, and only then is anything seen."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from catalogue import keys, repository, statements, targets
from catalogue.minisign import SigningKey, WrongKeyError
from catalogue.signing import ceremony, key_rotation
from catalogue.signing.ceremony import ForeignSignatureError, Mode
from catalogue.signing.key_rotation import KeyChange, TooFewKeysError
from catalogue.signing.signing_request import BadSigningRequestError, SigningRequest
from catalogue.tuf import role_keys
from catalogue.tuf.layout import Purpose
from catalogue.tuf.role_keys import KeyNameTakenError, UnknownKeyError
from storage.blobs import StoredBlob
from storage.clock import now
from tests.catalogue.conftest import MakeClient
from tests.catalogue.vendor import MANUAL_NAME, PDF, People, Vendor, fetch


def waiting(vendor: Vendor) -> dict[str, tuple[int, list[str]]]:
    """Each draft, how many are missing, and who has signed."""
    ring = keys.of(vendor.installation)
    with vendor.installation.database.reading() as session:
        return {
            str(a.place): (a.missing, [seat.name for seat in a.seats if seat.signed])
            for a in ceremony.awaited(session, ring)
        }


def mode(vendor: Vendor) -> Mode:
    with vendor.installation.database.reading() as session:
        return ceremony.mode(session, keys.of(vendor.installation))


def test_the_mode_is_where_the_keys_are(vendor: Vendor) -> None:
    assert mode(vendor) is Mode.NONE
    vendor.set_up()
    assert mode(vendor) is Mode.LOCAL


def test_people_with_all_their_keys_are_mode_offline(people: People, vendor: Vendor) -> None:
    assert people.signers
    assert mode(vendor) is Mode.OFFLINE
    assert not list(keys.folder_of(vendor.installation).glob("firmware.pem"))


def test_nothing_is_served_until_the_first_root_is_signed(
    vendor: Vendor, client: FlaskClient
) -> None:
    people = People(vendor)
    people.set_up()
    first = waiting(vendor)
    assert first["root"] == first["air-gap/root"] == first["targets"] == (2, [])
    assert first["docs"] == (0, ["docs-1"])
    people.sign("root-1", "air-gap-root-2", "targets-1", "targets-2")
    assert waiting(vendor)["root"] == (1, ["root-1"])
    assert client.get("/keys/root.json").status_code == 404

    people.sign("root-3")

    assert client.get("/keys/root.json").status_code == 200
    assert client.get("/metadata/timestamp.json").status_code == 200
    assert client.get("/keys/offline-root.json").status_code == 404
    people.sign("air-gap-root-1")
    assert waiting(vendor) == {}
    assert client.get("/metadata/offline/timestamp.json").status_code == 200


def test_a_release_is_nobodys_to_see_until_enough_people_signed(
    people: People, vendor: Vendor, app: Flask, client: FlaskClient, new_client: MakeClient
) -> None:
    first = vendor.publish("1.0.0")
    people.sign_all()
    client_machine = new_client()
    client_machine.install(first)
    manifest = fetch(app, "/firmware/FP-B2/stable/manifest.json")

    path = vendor.publish("1.1.0")

    assert waiting(vendor) == {"fw-FP-B2": (2, [])}
    _, product, version, name = path.split("/")
    seen = (f"/firmware/{product}/{version}/{name}", f"/targets/{path}")
    assert [client.get(address).status_code for address in seen] == [404, 404]
    assert client_machine.look(path) is None
    assert fetch(app, "/firmware/FP-B2/stable/manifest.json") == manifest
    assert "1.1.0" not in client.get("/downloads/FP-B2/").get_data(as_text=True)
    assert "1.1.0" not in client.get("/manifest.json").get_data(as_text=True)

    assert people.sign("firmware-1", statements=True).listed == frozenset()
    assert waiting(vendor) == {"fw-FP-B2": (1, ["firmware-1"])}
    assert people.sign("firmware-2").listed == {path}

    assert client_machine.install(path) == fetch(app, seen[0])
    assert b'"version": "1.1.0"' in fetch(app, "/firmware/FP-B2/stable/manifest.json")
    assert "1.1.0" in client.get("/downloads/FP-B2/").get_data(as_text=True)


def test_a_release_waits_for_the_statement_that_phones_need(people: People, vendor: Vendor) -> None:
    path = vendor.publish("1.0.0")
    people.sign("targets-1", "targets-2", "firmware-1", "firmware-2")
    assert waiting(vendor)["fw-FP-B2"] == (0, ["firmware-1", "firmware-2"])
    assert people.hand_in(people.request().stated_by(people.statement_key)).listed == {path}


def test_the_bytes_of_an_awaited_release_are_not_found_by_hash(
    people: People, vendor: Vendor, client: FlaskClient
) -> None:
    vendor.publish("1.0.0")
    with vendor.installation.database.reading() as session:
        (listed,) = targets.listed_by(session, "fw-FP-B2")
    assert client.get(f"/blob/sha256/{listed.sha256}").status_code == 404
    people.sign_all()
    assert client.get(f"/blob/sha256/{listed.sha256}", buffered=True).status_code == 200


def test_documents_need_nobody(people: People, vendor: Vendor, new_client: MakeClient) -> None:
    assert people.signers
    vendor.publish_document()
    assert waiting(vendor) == {}
    assert new_client().install(MANUAL_NAME) == PDF


def test_a_release_taken_back_before_it_was_signed_leaves_nothing_to_sign(
    people: People, vendor: Vendor, client: FlaskClient
) -> None:
    vendor.publish("1.0.0")
    vendor.withdraw("1.0.0")
    with vendor.installation.database.reading() as session:
        assert statements.waiting(session) == []
        assert targets.listed_by(session, "fw-FP-B2") == []
    assert "1.0.0" not in client.get("/downloads/FP-B2/").get_data(as_text=True)
    path = vendor.publish("1.0.0")
    assert path in people.sign_all().listed


def test_a_withdrawal_reaches_phones_at_once_and_mirrors_when_it_is_signed(
    people: People, vendor: Vendor, app: Flask, new_client: MakeClient
) -> None:
    old, new = vendor.publish("1.0.0"), vendor.publish("1.1.0")
    people.sign_all()
    vendor.withdraw("1.0.0")
    assert b'"withdrawn"' in fetch(app, "/firmware/FP-B2/manifest.json")
    client_machine = new_client()
    assert client_machine.look(old) is not None
    people.sign_all()
    assert client_machine.look(old) is None
    assert client_machine.install(new)


def test_a_signature_by_a_key_that_does_not_count_is_refused_and_nothing_is_taken(
    people: People, vendor: Vendor
) -> None:
    vendor.publish("1.0.0")
    request = people.request().signed_by(people.signers["firmware-1"])
    draft = next(draft for draft in request.drafts if draft.place.role == "fw-FP-B2")
    draft.metadata.sign(people.signers["root-1"], append=True)
    with pytest.raises(ForeignSignatureError):
        people.hand_in(request)
    assert waiting(vendor)["fw-FP-B2"] == (2, [])


def test_a_signature_of_other_bytes_is_refused(people: People, vendor: Vendor) -> None:
    vendor.publish("1.0.0")
    request = people.request().signed_by(people.signers["firmware-1"])
    draft = next(draft for draft in request.drafts if draft.place.role == "fw-FP-B2")
    signature = next(iter(draft.metadata.signatures.values()))
    signature.signature = "00" * 64
    with pytest.raises(ForeignSignatureError):
        people.hand_in(request)


def test_a_statement_by_another_key_is_refused(people: People, vendor: Vendor) -> None:
    vendor.publish("1.0.0")
    with pytest.raises(WrongKeyError):
        people.hand_in(people.request().stated_by(SigningKey.generate()))


def test_signatures_of_a_draft_that_was_replaced_are_passed_over(
    people: People, vendor: Vendor
) -> None:
    vendor.publish("1.0.0")
    people.sign_all()
    vendor.publish("1.1.0")
    request = people.request()
    vendor.publish("1.2.0")
    signed = request.signed_by(people.signers["firmware-1"])
    received = people.hand_in(signed)
    assert received.stale == ("fw-FP-B2",)
    assert waiting(vendor)["fw-FP-B2"] == (2, [])


def test_people_see_what_changes_against_what_they_signed_before(
    people: People, vendor: Vendor
) -> None:
    vendor.publish("1.0.0")
    people.sign_all()
    vendor.publish("1.1.0")
    (draft,) = people.request().drafts
    mine = list(draft.describe(people.signers["firmware-1"].public_key.keyid))
    assert [line.split()[:2] for line in mine[1:]] == [["+", "fw/FP-B2/1.1.0/FP-B2-1.1.0.bin"]]
    strangers = list(draft.describe("0" * 64))
    assert any("all of it is new to you" in line for line in strangers)
    assert sum(line.startswith("  +") for line in strangers) == 2


def test_a_server_that_lies_about_the_past_is_seen_through(people: People, vendor: Vendor) -> None:
    """It hides a new file by putting it into the file «before», which nobody has signed."""
    vendor.publish("1.0.0")
    people.sign_all()
    vendor.publish("1.1.0")
    (draft,) = people.request().drafts
    assert draft.before is not None
    draft.before.signed.targets = dict(draft.metadata.signed.targets)
    shown = list(draft.describe(people.signers["firmware-1"].public_key.keyid))
    assert sum(line.startswith("  +") for line in shown) == 2


def test_a_withdrawn_file_is_shown_as_leaving(people: People, vendor: Vendor) -> None:
    vendor.publish("1.0.0")
    vendor.publish("1.1.0")
    people.sign_all()
    vendor.withdraw("1.0.0")
    (draft,) = people.request().drafts
    shown = list(draft.describe(people.signers["firmware-2"].public_key.keyid))
    assert "  - fw/FP-B2/1.0.0/FP-B2-1.0.0.bin" in shown


HEAD = b'{"kind":"flatpro-signing-request","format":1,"names":{},"made_at":'
TODAY = HEAD + b'"2026-11-22T10:00:00Z",'
NO_METADATA = b'{"view":"both","role":"x","metadata":{},"before":null,"keys":{}}'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b'{"kind":"flatpro-signing-request"}',
        b'{"kind":"flatpro-signing-request","format":2,"drafts":[]}',
        HEAD + b'"yesterday","drafts":[],"statements":[]}',
        TODAY + b'"drafts":[' + NO_METADATA + b'],"statements":[]}',
        TODAY + b'"drafts":[{"view":"neither"}],"statements":[]}',
        TODAY + b'"drafts":[],"statements":[{"path":1}]}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_signing_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadSigningRequestError):
        SigningRequest.parse(body)


def test_a_request_survives_its_journey(people: People, vendor: Vendor) -> None:
    vendor.publish("1.0.0")
    request = people.request()
    again = SigningRequest.parse(request.to_json())
    assert again.to_json() == request.to_json()
    assert {str(draft.place) for draft in again.drafts} == {"fw-FP-B2", "targets"}


def change(people: People, *changes: KeyChange) -> None:
    installation = people.vendor.installation
    with installation.database.writing() as session:
        key_rotation.rotate(session, keys.of(installation), changes, actor="test", now=now())


def test_a_lost_firmware_key_is_replaced_by_the_people_who_are_left(
    people: People, vendor: Vendor, new_client: MakeClient
) -> None:
    old = vendor.publish("1.0.0")
    people.sign_all()
    machine = new_client()
    machine.install(old)
    new = people.hire("firmware-3")

    change(people, KeyChange(Purpose.FIRMWARE, ["firmware-1"], [("firmware-3", new)]))

    assert machine.install(old)
    people.sign("firmware-2", "firmware-3")
    assert "targets" in waiting(vendor)
    people.sign("targets-1", "targets-2")
    assert waiting(vendor) == {}
    assert machine.install(old)
    path = vendor.publish("1.1.0")
    assert people.sign("firmware-1", "firmware-2", statements=True).listed == frozenset()
    assert people.sign("firmware-3").listed == {path}
    assert machine.install(path)


def test_a_lost_root_key_is_replaced_by_the_two_others(
    people: People, vendor: Vendor, new_client: MakeClient
) -> None:
    path = vendor.publish("1.0.0")
    people.sign_all()
    machine = new_client()
    machine.install(path)
    new = people.hire("root-4")
    change(people, KeyChange(Purpose.ROOT, ["root-1"], [("root-4", new)]))
    people.sign("root-2", "root-4")
    assert waiting(vendor)["root"] == (1, ["root-2", "root-4"])
    people.sign("root-3")
    assert machine.install(path)
    assert (machine.folder / "metadata" / "root_history" / "2.root.json").exists()


def test_a_stolen_online_key_is_replaced_by_the_people_of_the_root(
    people: People, vendor: Vendor, client: FlaskClient
) -> None:
    change(people, KeyChange(Purpose.TIMESTAMP, ["timestamp-1"], make=1))
    ring = keys.of(vendor.installation)
    assert client.get("/metadata/2.root.json").status_code == 404
    with vendor.installation.database.reading() as session:
        assert key_rotation.put_away(session, ring) == []
    people.sign("root-1", "root-2")
    assert client.get("/metadata/2.root.json").status_code == 200
    with vendor.installation.database.reading() as session:
        assert key_rotation.put_away(session, ring) == ["timestamp-1"]
    assert not ring.roles.has("timestamp-1")
    assert (ring.roles.path / "retired" / "timestamp-1.pem").exists()


def test_a_change_that_leaves_too_few_keys_changes_nothing(people: People, vendor: Vendor) -> None:
    with pytest.raises(TooFewKeysError):
        change(people, KeyChange(Purpose.FIRMWARE, ["firmware-1"]))
    with pytest.raises(UnknownKeyError):
        change(people, KeyChange(Purpose.FIRMWARE, ["root-1"]))
    assert waiting(vendor) == {}


def test_one_key_cannot_sit_in_two_seats(people: People) -> None:
    key = people.signers["firmware-1"].public_key
    with pytest.raises(KeyNameTakenError):
        change(people, KeyChange(Purpose.FIRMWARE, [], [("somebody-else", key)]))
    key_again = type(key)("other-id", key.keytype, key.scheme, key.keyval)
    with pytest.raises(KeyNameTakenError):
        change(people, KeyChange(Purpose.FIRMWARE, [], [("somebody-else", key_again)]))


def test_lists_that_age_are_drafted_for_the_people_and_drafts_are_not_disturbed(
    people: People, vendor: Vendor
) -> None:
    vendor.publish("1.0.0")
    people.sign_all()
    ring = keys.of(vendor.installation)

    def renew(days: int) -> None:
        with vendor.installation.database.writing() as session:
            repository.renew(session, ring, now() + timedelta(days=days))

    renew(190)
    assert waiting(vendor) == {"fw-FP-B2": (2, []), "targets": (2, [])}
    people.sign("firmware-1")
    renew(191)
    assert waiting(vendor)["fw-FP-B2"] == (1, ["firmware-1"])


def test_a_target_that_no_statement_waits_for_needs_none(people: People, vendor: Vendor) -> None:
    ring, path = keys.of(vendor.installation), "fw/FP-B2/0.9/tool.bin"
    with vendor.installation.database.writing() as session:
        targets.register(session, path, StoredBlob("a" * 64, 1), now())
        assert repository.publish(session, ring, [path], now()) == frozenset()
    assert "fw-FP-B2" in waiting(vendor)
    with vendor.installation.database.reading() as session:
        assert statements.signature_of(session, path) is None
        assert len(role_keys.every(session)) == 15
    assert people.signers
