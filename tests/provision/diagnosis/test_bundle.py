"""The diagnostic bundle: everything about a diagnosis, and no secret of the device in any byte."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from accounts.models import AuditEntry
from portal.app import create_app
from portal.settings import Settings
from provision import credentials, profiles
from provision.cli import device
from provision.devices import registry
from provision.diagnosis import bundle, conducting
from provision.diagnosis.bundle import UnfinishedDiagnosisError
from provision.models import Level, ProfileSetting
from provision.phone_logs import keeping
from provision.profiles import GLOBAL
from simulator.facts import Network, PhoneLine
from storage.clock import now
from tests.browserless import log_in, post
from tests.provision.diagnosis.conftest import COMMUNITY, PASSWORD, Phone
from tests.provision.estate import MAC, NOW, SIP_PASSWORD, Estate

NAMES = {"facts.json", "findings.json", "timeline.json", "config.redacted.cfg", "log.txt"}
OLD_PASSWORD = "weaker-Level-9"


def opened(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as held:
        assert held.testzip() is None
        return {name: held.read(name) for name in held.namelist()}


def diagnosed(estate: Estate) -> int:
    with estate.installation.database.writing() as session:
        number = conducting.start(session, MAC, actor="agent", now=now()).id
    return conducting.run(estate.installation, number, now()).id


def made(estate: Estate, number: int) -> bytes:
    with estate.installation.database.writing() as session:
        taken = bundle.make(session, estate.installation, MAC, number, actor="agent", now=now())
    return taken.body


def test_the_bundle_holds_facts_findings_story_configuration_and_log(estate: Estate) -> None:
    files = opened(made(estate, diagnosed(estate)))
    assert set(files) == NAMES
    facts, findings = json.loads(files["facts.json"]), json.loads(files["findings.json"])
    assert facts["facts"]["firmware"] == "2.3.1"
    assert len(facts["readings"]) == 2
    assert findings["mac"] == MAC
    assert files["config.redacted.cfg"].startswith(b"#!flatphone 1")
    assert b'number = "101"' in files["config.redacted.cfg"]
    assert any(event["kind"] == "read" for event in json.loads(files["timeline.json"]))
    assert b"127.0.0.1 answered" in files["log.txt"]


def test_no_secret_of_the_device_is_in_any_byte_though_the_phone_tells_them(
    estate: Estate, phone: Phone
) -> None:
    installation = estate.installation
    with installation.database.writing() as session:
        seal, found = installation.seal, registry.get(session, MAC)
        profiles.put(session, seal, GLOBAL, "sip.1.password", OLD_PASSWORD, actor="t", now=NOW)
        later = NOW + timedelta(days=1)
        second = credentials.issue_password(session, found, seal, actor="t", now=later)
    secrets = [
        *(SIP_PASSWORD, OLD_PASSWORD, COMMUNITY, PASSWORD),
        *(estate.token, estate.password, second),
    ]
    phone.shown = replace(
        phone.shown,
        last_reboot_reason=f"watchdog pass={PASSWORD} {OLD_PASSWORD} {second}",
        network=Network("127.0.0.1", 1, 2, f"sw {COMMUNITY} {estate.token}", "half"),
        lines=(PhoneLine("101", f"sip:101:{SIP_PASSWORD}@sip", f"gone {estate.password}"),),
    )
    body = made(estate, diagnosed(estate))
    files = opened(body)
    for name, held in {**files, "the zip": body}.items():
        for secret in secrets:
            assert secret.encode() not in held, f"a secret is in {name}"
    assert b"watchdog" in files["facts.json"], "what is no secret stays"


def test_the_log_that_the_phone_sent_goes_along_without_its_secrets(estate: Estate) -> None:
    sent = f"boot\nlogin {SIP_PASSWORD} via /p/{estate.token}/x.cfg\n\xff\x00end".encode("latin-1")
    with estate.installation.database.writing() as session:
        seal, found = estate.installation.seal, registry.get(session, MAC)
        keeping.keep(session, seal, found, "boot", sent, NOW)
    log = opened(made(estate, diagnosed(estate)))["log.txt"]
    assert b"as boot\nboot\nlogin" in log
    assert b"end" in log
    for secret in (SIP_PASSWORD, estate.token):
        assert secret.encode() not in log


def test_a_setting_that_no_file_can_hold_is_told_in_the_bundle(estate: Estate) -> None:
    number = diagnosed(estate)
    with estate.installation.database.writing() as session:
        bad = ProfileSetting(level=Level.DEVICE, key=MAC, name="screen.name", value="a\x07b")
        session.add(bad)
    told = opened(made(estate, number))["config.redacted.cfg"]
    assert told.startswith(b"# The value of")
    assert b"U+0007" in told


def test_a_bundle_waits_for_the_end_of_its_diagnosis(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        number = conducting.start(session, MAC, actor="agent", now=now()).id
    with pytest.raises(UnfinishedDiagnosisError):
        made(estate, number)


def test_the_page_hands_the_bundle_out_and_the_trail_keeps_who_took_it(
    estate: Estate, settings: Settings
) -> None:
    site: Flask = create_app(estate.installation, settings)
    number, client = diagnosed(estate), site.test_client()
    log_in(client, "agent")
    page = f"/staff/devices/{MAC}/diagnosis/{number}"
    assert f"{page}/bundle" in client.get(page).text
    answer = post(client, f"{page}/bundle", {}, page)
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="flatpro-{MAC}-')
    assert set(opened(answer.data)) == NAMES
    with estate.installation.database.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "device.bundle")
        ).one()
    assert entry.actor == "agent"


def test_the_command_writes_a_file_for_its_owner_alone(estate: Estate, tmp_path: Path) -> None:
    runner = CliRunner()
    arguments = ["bundle", MAC, "--out", str(tmp_path)]
    result = runner.invoke(device, arguments, obj=lambda: estate.installation)
    assert result.exit_code == 0, result.output
    path = Path(result.stdout.strip())
    assert path.parent == tmp_path
    assert path.stat().st_mode & 0o077 == 0
    assert set(opened(path.read_bytes())) == NAMES
    again = runner.invoke(device, [*arguments, "--last"], obj=lambda: estate.installation)
    assert Path(again.stdout.strip()) == path, "the last diagnosis, not a new one"


def test_a_place_that_cannot_be_written_is_one_clear_line(estate: Estate, tmp_path: Path) -> None:
    arguments = ["bundle", MAC, "--out", str(tmp_path / "none" / "b.zip")]
    result = CliRunner().invoke(device, arguments, obj=lambda: estate.installation)
    assert result.exit_code == 1
    assert "cannot be written" in result.output
