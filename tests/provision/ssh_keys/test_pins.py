"""SSH keys of devices: confirmed once, refused when they change, and the sessions kept redacted."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts import users
from accounts.models import Role
from portal.app import create_app
from portal.settings import Settings
from provision import profiles
from provision.cli import device as device_command
from provision.devices import readings, registry
from provision.devices.models import IdentityEvent
from provision.diagnosis import conducting
from provision.diagnosis.findings import Code
from provision.profiles import GLOBAL
from provision.readers.networks import ReadOptions
from provision.readers.ways import Via
from provision.reading import phone_reads
from provision.reading.phone_reads import ReadAnswer
from provision.redaction import HIDDEN
from provision.ssh_keys import pins
from provision.ssh_keys.pins import OtherKeyError
from simulator.digest import Login
from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.facts import PhoneFacts
from simulator.ssh_face import host_key
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, SIP_PASSWORD, Estate

PASSWORD = "ssh-Secret-7"
FINGERPRINT = host_key(PASSWORD, MAC).fingerprint
PAGE = f"/staff/devices/{MAC}"


@dataclass
class Phone:
    """`mac` makes the key, so a phone with another one is another unit."""

    mac: str = MAC
    reason: str = "power on"
    asked: list[str] = field(default_factory=list)

    def facts(self) -> PhoneFacts:
        return PhoneFacts("FP-B2", "A", SERIAL, self.mac, "2.4.1", 42.0, self.reason)

    def resync(self) -> None:
        raise AssertionError("a read asks for nothing")

    def reboot(self) -> None:
        raise AssertionError("a read asks for nothing")


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def faces(phone: Phone) -> Iterator[Faces]:
    options = FaceOptions(snmp_port=None, ssh_port=0, http_login=Login("admin", PASSWORD))
    with serve_faces(phone, options) as opened:
        yield opened


@pytest.fixture
def estate(installation: Installation, faces: Faces) -> Estate:
    networks = ReadOptions(networks=(IPv4Network("127.0.0.0/24"),))
    options = {**installation.options, ReadOptions: networks}
    made = estates.build(replace(installation, options=options))
    settings = {
        "read.ssh_port": str(faces.ssh_port),
        "read.ssh_user": "admin",
        "read.ssh_password": PASSWORD,
    }
    with installation.database.writing() as session:
        for name, text in settings.items():
            profiles.put(session, installation.seal, GLOBAL, name, text, actor="test", now=NOW)
        registry.get(session, MAC).address = "127.0.0.1"
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=NOW)
    return made


def read(estate: Estate) -> ReadAnswer:
    (answer,) = phone_reads.read_phone(
        estate.installation, MAC, asked_by="agent", now=NOW, ways=(Via.SSH,)
    )
    return answer


def accept(estate: Estate, fingerprint: str = FINGERPRINT) -> None:
    with estate.installation.database.writing() as session:
        pins.accept(session, registry.get(session, MAC), fingerprint, actor="anna", now=NOW)


def code_of(answer: ReadAnswer) -> str | None:
    return answer.error.code if answer.error else None


def test_a_first_key_waits_for_a_person_and_then_the_phone_is_read(estate: Estate) -> None:
    assert code_of(read(estate)) == "ssh-key-unknown"
    with estate.installation.database.reading() as session:
        key = pins.known(session, registry.get(session, MAC))
        assert key is not None
        assert (key.shown, key.pinned, key.shown_address) == (FINGERPRINT, None, "127.0.0.1")
    accept(estate)
    answer = read(estate)
    assert answer.facts is not None
    assert answer.facts.firmware == "2.4.1"


def test_the_provisioning_record_confirms_a_key_too(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        seal, link = estate.installation.seal, profiles.link_for(session, device=MAC)
        name = "read.ssh_fingerprint"
        profiles.put(session, seal, link, name, FINGERPRINT, actor="test", now=NOW)
    assert read(estate).facts is not None


def test_a_changed_key_is_refused_and_is_an_event_of_its_identity(
    estate: Estate, phone: Phone
) -> None:
    read(estate)
    accept(estate)
    phone.mac = "02f1a7000099"
    for _ in range(2):
        assert code_of(read(estate)) == "ssh-key-changed"
    other = host_key(PASSWORD, phone.mac).fingerprint
    with estate.installation.database.reading() as session:
        events = session.scalars(select(IdentityEvent).where(IdentityEvent.field == "ssh_key"))
        assert [(one.old, one.new, one.applied) for one in events] == [(FINGERPRINT, other, False)]
    accept(estate, other)
    assert read(estate).facts is not None


def test_only_the_key_that_was_shown_can_be_confirmed(estate: Estate) -> None:
    with pytest.raises(OtherKeyError):
        accept(estate)
    read(estate)
    with pytest.raises(OtherKeyError):
        accept(estate, "SHA256:somethingelse")
    accept(estate)
    accept(estate)


def test_a_key_belongs_to_the_unit_and_not_to_its_record(estate: Estate) -> None:
    read(estate)
    accept(estate)
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).serial = "FP2648B2OTHER99"
    assert code_of(read(estate)) == "ssh-key-unknown", "another unit under the same record"


def test_one_key_at_many_phones_is_told(estate: Estate) -> None:
    read(estate)
    accept(estate)
    with estate.installation.database.writing() as session:
        other = estates.add_phone(session, "02f1a7000002", None)
        pins.note_shown(session, other, FINGERPRINT, "127.0.0.2", NOW, expected=None)
        known = pins.known(session, other)
    assert known is not None
    assert known.twins == 1


def test_what_a_session_said_is_kept_without_the_phone_s_secrets(
    estate: Estate, phone: Phone
) -> None:
    phone.reason = f"login {PASSWORD} as {SIP_PASSWORD} token {estate.token}"
    read(estate)
    accept(estate)
    read(estate)
    with estate.installation.database.reading() as session:
        device = registry.get(session, MAC)
        kept = readings.of_device(session, device, 1)[0].transcript
    assert kept is not None
    assert "$ show version" in kept
    assert f"login {HIDDEN}" in kept
    for secret in (PASSWORD, SIP_PASSWORD, estate.token):
        assert secret not in kept


def test_a_diagnosis_reads_over_ssh_where_it_may_and_finds_a_changed_key(
    estate: Estate, phone: Phone
) -> None:
    assert list(phone_reads.ways_of(estate.installation, MAC)) == list(Via)
    read(estate)
    accept(estate)
    phone.mac = "02f1a7000099"
    with estate.installation.database.writing() as session:
        asked = conducting.start(session, MAC, actor="agent", now=NOW)
    answer = conducting.run(estate.installation, asked.id, now())
    assert answer.conclusion is not None
    assert Code.SSH_KEY_CHANGED in {one.code for one in answer.conclusion.findings}


@pytest.fixture
def site(estate: Estate, settings: Settings) -> Flask:
    return create_app(estate.installation, settings)


def logged_in(site: Flask, login: str) -> FlaskClient:
    client = site.test_client()
    log_in(client, login)
    return client


def test_an_engineer_confirms_the_key_on_the_page_and_an_agent_sees_it(
    estate: Estate, site: Flask
) -> None:
    read(estate)
    agent, engineer = logged_in(site, "agent"), logged_in(site, "engineer")
    assert (
        FINGERPRINT.replace("+", "&#43;") in agent.get(PAGE).text
        or FINGERPRINT in agent.get(PAGE).text
    )
    form = {"fingerprint": FINGERPRINT}
    assert post(agent, f"{PAGE}/ssh-key", form, PAGE).status_code == 403
    wrong = {"fingerprint": "SHA256:other"}
    assert post(engineer, f"{PAGE}/ssh-key", wrong, PAGE).status_code == 302
    assert "другой ключ" in engineer.get(PAGE).text
    assert post(engineer, f"{PAGE}/ssh-key", form, PAGE).status_code == 302
    page = engineer.get(PAGE).text
    assert "подтверждён" in page
    assert f"{PAGE}/ssh-key" not in page


def test_the_command_shows_and_confirms_the_key(estate: Estate) -> None:
    runner = CliRunner()

    def run(*arguments: str) -> str:
        result = runner.invoke(device_command, arguments, obj=lambda: estate.installation)
        assert result.exit_code == 0, result.output
        return result.output

    assert "pinned" in run("ssh-key", MAC)
    read(estate)
    assert FINGERPRINT in run("ssh-key", MAC)
    assert "confirmed" in run("ssh-key", MAC, "--accept", FINGERPRINT)
    assert "2.4.1" in run("read", MAC, "--via", "ssh")
