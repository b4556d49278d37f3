"""Reading many known phones, by the credential that each one's profile names."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import tokens, users
from accounts.models import Role
from jobs.models import Job
from jobs.runner import Work
from provision import profiles, work
from provision.devices import readings, registry
from provision.devices.readings import MatchVerdict
from provision.profiles import GLOBAL, Link
from provision.readers.networks import ReadOptions
from provision.readers.snmp_credentials import AuthProtocol, Community, PrivProtocol, UsmUser
from provision.readers.snmp_peer import SnmpV3RefusedError
from provision.readers.ways import Via
from provision.reading import phone_reads, read_settings
from provision.reading.bulk_reads import read_known
from provision.reading.read_cli import read
from provision.sweeps import conducting, results
from provision.sweeps.conducting import NewSweep
from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.facts import PhoneFacts
from simulator.snmp_v3 import UserSecurity
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL

SECURITY = UserSecurity("reader", "signing-words", "sealing-words")
V3 = {
    "read.snmp_user": "reader",
    "read.snmp_auth_password": "signing-words",
    "read.snmp_priv_password": "sealing-words",
}
SILENT = "02f1a7000002"


class Phone:
    def facts(self) -> PhoneFacts:
        return PhoneFacts("FP-B2", "A", SERIAL, MAC, "2.4.1", 42.0, "power on")

    def resync(self) -> None:
        raise AssertionError("a read asks for nothing")

    def reboot(self) -> None:
        raise AssertionError("a read asks for nothing")


@pytest.fixture
def faces() -> Iterator[Faces]:
    options = FaceOptions(snmp_community="old-words", snmp_v3=SECURITY)
    with serve_faces(Phone(), options) as opened:
        yield opened


@pytest.fixture
def place(installation: Installation, faces: Faces) -> Installation:
    """A phone that speaks v3, one silent, one never seen; v3 stands in the site's profile."""
    options = {
        **installation.options,
        ReadOptions: ReadOptions(networks=(IPv4Network("127.0.0.0/24"),)),
    }
    made = replace(installation, options=options)
    estates.build(made)
    with made.database.writing() as session:
        estates.add_phone(session, SILENT, None).address = "127.0.0.9"
        estates.add_phone(session, "02f1a7000003", None)
        registry.get(session, MAC).address = "127.0.0.1"
        _put(session, made, GLOBAL, {"read.snmp_port": str(faces.snmp_port)})
        _put(session, made, GLOBAL, {"read.snmp_community": "nobodys-words"})
        _put(session, made, profiles.link_for(session, site="Офис"), V3)
    return made


def _put(session: Session, place: Installation, link: Link, settings: Mapping[str, str]) -> None:
    for name, text in settings.items():
        profiles.put(session, place.seal, link, name, text, actor="test", now=NOW)


def test_a_v3_user_of_the_site_reads_its_phone_and_the_lane_is_on_record(
    place: Installation,
) -> None:
    (answer,) = phone_reads.read_phone(place, MAC, asked_by="agent", now=NOW, ways=[Via.SNMP])
    assert (answer.error, answer.lane) == (None, "pysnmp")
    assert answer.verdict is MatchVerdict.MATCHED
    with place.database.reading() as session:
        (kept,) = readings.of_device(session, registry.get(session, MAC), 9)
    assert kept.lane == "pysnmp"


def test_a_phone_that_keeps_silent_was_asked_by_a_lane_too(place: Installation) -> None:
    (answer,) = phone_reads.read_phone(place, SILENT, asked_by="agent", now=NOW, ways=[Via.SNMP])
    assert answer.error is not None
    assert (answer.error.code, answer.lane) == ("phone-unreachable", "pysnmp")


def test_all_phones_are_read_at_once_each_with_its_lane_and_silence_is_an_answer(
    place: Installation,
) -> None:
    told: list[tuple[int, int]] = []
    macs = [MAC, SILENT, "02f1a7000003"]
    answers = {
        one.mac: one
        for one in read_known(
            place, macs, asked_by="agent", now=NOW, tell=lambda *far: told.append(far)
        )
    }
    assert set(answers) == {MAC, SILENT}, "one that was never seen has no address"
    assert (answers[MAC].lane, answers[MAC].verdict) == ("gufo", MatchVerdict.MATCHED)
    assert answers[SILENT].error is not None
    assert answers[SILENT].error.code == "phone-unreachable"
    assert told[-1] == (2, 2)
    with place.database.reading() as session:
        (kept,) = readings.of_device(session, registry.get(session, MAC), 9)
        assert (kept.lane, kept.facts and kept.facts.firmware) == ("gufo", "2.4.1")


def test_a_device_s_own_settings_win_over_its_site_s(place: Installation) -> None:
    with place.database.writing() as session:
        own = {"read.snmp_version": "2c", "read.snmp_community": "old-words"}
        _put(session, place, profiles.link_for(session, device=MAC), own)
    (answer,) = read_known(place, [MAC], asked_by="agent", now=NOW)
    assert (answer.error, answer.lane) == (None, "gufo")


def test_a_wrong_v3_password_is_a_failure_that_takes_nothing_away(place: Installation) -> None:
    with place.database.writing() as session:
        wrong = {"read.snmp_auth_password": "other-words"}
        _put(session, place, profiles.link_for(session, device=MAC), wrong)
    (answer,) = read_known(place, [MAC], asked_by="agent", now=NOW)
    assert isinstance(answer.error, SnmpV3RefusedError)
    with place.database.reading() as session:
        assert registry.get(session, MAC).serial == SERIAL


def test_the_command_reads_a_site_and_prints_the_lanes(place: Installation) -> None:
    done = CliRunner().invoke(read, ["--site", "Офис", "--json"], obj=lambda: place)
    assert done.exit_code == 0, done.output
    rows = {row["mac"]: row for row in json.loads(done.stdout)}
    assert (rows[MAC]["lane"], rows[MAC]["serial"], rows[MAC]["error"]) == ("gufo", SERIAL, None)
    assert rows[SILENT]["error"] == "phone-unreachable"
    assert CliRunner().invoke(read, [], obj=lambda: place).exit_code == 2
    assert CliRunner().invoke(read, [MAC, "--all"], obj=lambda: place).exit_code == 2
    assert CliRunner().invoke(read, ["--all", "--via", "ssh"], obj=lambda: place).exit_code == 2


def test_the_page_s_button_reads_what_the_filter_names_as_a_job(
    place: Installation, client: FlaskClient
) -> None:
    with place.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    log_in(client)
    back = post(client, "/staff/devices/read", {"q": MAC}, "/staff/devices/")
    assert back.headers["Location"] == f"/staff/devices/?q={MAC}"
    with place.database.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == work.READ)).one()
        arguments = job.arguments
    work.read(Work(job.id, arguments, "agent", place))
    with place.database.reading() as session:
        assert len(readings.of_device(session, registry.get(session, MAC), 9)) == 1
    page = client.get(f"/staff/devices/{MAC}").text
    assert "SNMP (gufo)" in page


def test_programs_get_the_lane_over_rest(place: Installation, client: FlaskClient) -> None:
    list(read_known(place, [MAC], asked_by="agent", now=NOW))
    bearer = _bearer(place)
    told = client.get(f"/api/v1/devices/{MAC}/readings", headers=bearer).json
    assert [(one["via"], one["lane"]) for one in told["items"]] == [("snmp", "gufo")]
    assert told["items"][0]["facts"]["serial"] == SERIAL


def test_programs_ask_for_a_diagnosis_and_find_it_under_its_number(
    place: Installation, client: FlaskClient
) -> None:
    bearer = _bearer(place)
    asked = client.post(f"/api/v1/devices/{MAC}/diagnoses", headers=bearer, json={})
    assert (asked.status_code, asked.json["finished_at"]) == (202, None)
    found = client.get(asked.headers["Location"], headers=bearer).json
    assert (found["id"], found["mac"], found["findings"]) == (asked.json["id"], MAC, [])
    missing = client.get(f"/api/v1/devices/{MAC}/diagnoses/999", headers=bearer)
    assert (missing.status_code, missing.json["code"]) == (404, "unknown-diagnosis")


def test_a_sweep_with_a_v3_user_finds_who_speaks_v3_and_reads_them(
    place: Installation,
) -> None:
    with place.database.writing() as session:
        _put(session, place, GLOBAL, V3)
        new = NewSweep(["127.0.0.0/28"], 20_000, timeout_s=0.3, retries=0)
        number = conducting.start(session, place, new, actor="test", now=NOW)
    done = conducting.walk(place, number)
    assert (done.found, done.snmp_version) == (1, "3")
    with place.database.reading() as session:
        (found,) = results.listed(session, number)
    assert (found.address, found.serial, found.lane) == ("127.0.0.1", SERIAL, "gufo")
    assert found.verdict == MatchVerdict.MATCHED


def test_a_version_can_be_chosen_and_a_credential_survives_its_seal() -> None:
    settings = {
        **V3,
        "read.snmp_community": "words",
        "read.snmp_auth": "md5",
        "read.snmp_priv": "des",
    }
    user = read_settings.snmp_credential(settings)
    assert user == UsmUser(
        "reader", AuthProtocol.MD5, "signing-words", PrivProtocol.DES, "sealing-words"
    )
    assert read_settings.snmp_credential(settings, "2c") == Community("words")
    for one in (user, Community("words")):
        version, text = read_settings.version_of(one), read_settings.as_text(one)
        assert read_settings.from_text(version, text) == one
    assert read_settings.snmp_credential({"read.snmp_user": "reader"}) is None


def _bearer(place: Installation) -> dict[str, str]:
    with place.database.writing() as session:
        new = users.NewUser("erp", "ERP", Role.ENGINEER, ADMIN_PASSWORD)
        user = users.add(session, new, actor="test", now=now())
        token = tokens.issue(session, user, "erp", actor="test", now=now())
    return {"Authorization": f"Bearer {token}"}
