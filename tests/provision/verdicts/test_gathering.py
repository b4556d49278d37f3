"""Identity as stored: what readings, check-ins and sweeps left is judged, shown and handed out."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from accounts import tokens, users
from accounts.models import AuditEntry, Role
from provision import checkins
from provision.checkins import Visit
from provision.cli import device
from provision.devices import readings, registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.models import HandoverKind, IdentityEvent
from provision.devices.readings import Attempt
from provision.devices.registry import NewHandover
from provision.families.family import Families
from provision.families.identification import Strength
from provision.models import CheckInKind
from provision.readers.facts import DeviceFacts
from provision.sweeps import results
from provision.sweeps.models import Sweep
from provision.sweeps.scanning import Swept
from provision.verdicts import board_swaps, gathering
from provision.verdicts.board_swaps import SameMacError, SwapReferenceError
from provision.verdicts.unit import Judgement, Verdict
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, Estate

OTHER = "02f1a7000002"
FACTS = DeviceFacts(
    product="FP-B2", serial=SerialNumber.parse(SERIAL), mac=MacAddress(MAC), firmware="2.3.1"
)
IMPOSTOR = replace(FACTS, mac=MacAddress(OTHER))


@pytest.fixture
def estate(installation: Installation) -> Estate:
    made = estates.build(installation)
    with installation.database.writing() as session:
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=NOW)
        unit = registry.get(session, MAC)
        paper = NewHandover(HandoverKind.USER_DOCUMENT, date(2026, 10, 1), "УПД № 7")
        registry.add_handover(session, unit, paper, actor="test", now=NOW)
    return made


def read(estate: Estate, facts: DeviceFacts, minutes: int = 0, address: str = "10.0.0.7") -> None:
    attempt = Attempt(address, "snmp", "agent", facts)
    with estate.installation.database.writing() as session:
        readings.record(session, attempt, now=NOW + timedelta(minutes=minutes))


def judged(estate: Estate, families: Families, mac: str = MAC) -> dict[Verdict, Judgement]:
    with estate.installation.database.reading() as session:
        found = gathering.of_device(session, registry.get(session, mac), families)
    return {one.verdict: one for one in found}


def test_a_read_phone_matches(estate: Estate, families: Families) -> None:
    assert judged(estate, families) == {}
    read(estate, FACTS)
    assert set(judged(estate, families)) == {Verdict.MATCH}


def test_an_impostor_read_elsewhere_is_a_clone(estate: Estate, families: Families) -> None:
    read(estate, FACTS)
    read(estate, IMPOSTOR, 60, "10.0.0.9")
    clone = judged(estate, families)[Verdict.SERIAL_CLONE]
    assert (clone.strength, clone.other_mac) == (Strength.READ, OTHER)


def test_an_impostor_on_record_is_a_clone_too(estate: Estate, families: Families) -> None:
    with estate.installation.database.writing() as session:
        estates.add_phone(session, OTHER, "SN-OTHER-2")
    read(estate, FACTS)
    read(estate, IMPOSTOR, 60, "10.0.0.9")
    assert Verdict.SERIAL_CLONE in judged(estate, families)
    theirs = judged(estate, families, OTHER)
    assert Verdict.MAC_MISMATCH in theirs, "it tells the serial of another unit"


def test_a_sweep_that_meets_an_impostor_tells_the_device(
    estate: Estate, families: Families
) -> None:
    read(estate, FACTS)
    with estate.installation.database.writing() as session:
        sweep = Sweep(
            networks=["10.0.0.0/24"], addresses=256, seed=1, rate=1, port=161, timeout_s=1,
            retries=0, community=b"", started_by="test", started_at=NOW,
        )  # fmt: skip
        session.add(sweep)
        session.flush()
        for _ in range(2):
            results.store(session, sweep.id, [Swept("10.0.0.9", "sweep", IMPOSTOR)], NOW)
        assert session.scalar(select(func.count(IdentityEvent.id))) == 2, "told once, not twice"
    clone = judged(estate, families)[Verdict.SERIAL_CLONE]
    assert any(one.origin == "sweep" for one in clone.evidence)


def test_a_flood_of_liars_leaves_a_bounded_trace(estate: Estate) -> None:
    liars = [
        Swept(f"10.0.{number // 250}.{number % 250}", "sweep", replace(
            FACTS, mac=MacAddress(f"02f1a7{number + 100:06x}")))
        for number in range(1000)
    ]  # fmt: skip
    with estate.installation.database.writing() as session:
        sweep = Sweep(
            networks=["10.0.0.0/22"], addresses=1024, seed=1, rate=1, port=161, timeout_s=1,
            retries=0, community=b"", started_by="test", started_at=NOW,
        )  # fmt: skip
        session.add(sweep)
        session.flush()
        results.store(session, sweep.id, liars, NOW)
        assert session.scalar(select(func.count(IdentityEvent.id))) == 100


def test_what_nobody_proved_is_a_claim(estate: Estate, families: Families) -> None:
    read(estate, FACTS)
    agent = estate.agent("2.3.1", OTHER)
    with estate.installation.database.writing() as session:
        checkins.record(
            session,
            Visit(NOW, CheckInKind.BOOTSTRAP, "GET", "bootstrap", 200, "10.9.9.9", agent, OTHER),
        )
    clone = judged(estate, families)[Verdict.SERIAL_CLONE]
    assert clone.strength is Strength.CLAIMED


def test_a_proved_visit_before_the_handover_is_seen(estate: Estate, families: Families) -> None:
    read(estate, FACTS)
    with estate.installation.database.writing() as session:
        unit = registry.get(session, MAC)
        unit.first_seen_at = NOW - timedelta(days=90)
    found = judged(estate, families)[Verdict.PRE_HANDOVER_ACTIVITY]
    assert found.strength is Strength.PROVED


def test_firmware_that_was_never_published(estate: Estate, families: Families) -> None:
    read(estate, FACTS)
    assert Verdict.UNSIGNED_FIRMWARE not in judged(estate, families), "nothing is published yet"
    estates.publish(estate.installation, "2.4.1", 4096)
    assert Verdict.UNSIGNED_FIRMWARE in judged(estate, families)


def test_a_repair_explains_the_board_and_stays_in_the_story(
    estate: Estate, families: Families, app: Flask
) -> None:
    read(estate, FACTS)
    read(estate, IMPOSTOR, 60)
    agent = app.test_client()
    log_in(agent, "agent")
    page = f"/staff/devices/{MAC}"
    assert "Серийный номер у двух телефонов" in agent.get(page).text
    form = {"mac": "02:F1:A7:00:00:02", "reference": "RMA-26-17"}
    answer = post(agent, f"{page}/board", form, page)
    assert answer.status_code == 302
    for _ in range(2):
        with estate.installation.database.writing() as session:
            unit = registry.get(session, MAC)
            mac = MacAddress(OTHER)
            board_swaps.explain(session, unit, mac, "RMA-26-17", actor="x", now=NOW)
    with estate.installation.database.reading() as session:
        audited = AuditEntry.action == "device.board"
        assert session.scalar(select(func.count(AuditEntry.id)).where(audited)) == 1
    found = judged(estate, families)
    assert found[Verdict.MAC_MISMATCH].explained_by == "RMA-26-17"
    shown = agent.get(page).text
    assert "Плата заменена при ремонте" in shown
    assert "Плату сменили" in shown, "the story tells it"
    assert "Серийный номер у двух телефонов" not in shown


@pytest.mark.parametrize(
    ("mac", "reference", "said"),
    [
        (MAC, "RMA-1", "и так записан"),
        ("02f1a7000009", " ", "Назовите ремонт"),
        ("02f1a7000009", "x" * 81, "до 80 знаков"),
        ("nonsense", "RMA-1", "не MAC-адрес"),
    ],
)
def test_a_repair_that_makes_no_sense_is_refused_on_the_page(
    estate: Estate, app: Flask, mac: str, reference: str, said: str
) -> None:
    assert estate.token
    agent = app.test_client()
    log_in(agent, "agent")
    page = f"/staff/devices/{MAC}"
    post(agent, f"{page}/board", {"mac": mac, "reference": reference}, page)
    assert said in agent.get(page).text


def test_refusals_are_typed(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        unit = registry.get(session, MAC)
        with pytest.raises(SameMacError):
            board_swaps.explain(session, unit, MacAddress(MAC), "R", actor="x", now=NOW)
        with pytest.raises(SwapReferenceError):
            board_swaps.explain(session, unit, MacAddress(OTHER), "", actor="x", now=NOW)


def test_programs_get_verdicts_with_evidence(
    estate: Estate, client: FlaskClient, installation: Installation
) -> None:
    read(estate, FACTS)
    with installation.database.writing() as session:
        user = users.add(
            session, users.NewUser("erp", "ERP", Role.AGENT, ADMIN_PASSWORD), actor="t", now=NOW
        )
        token = tokens.issue(session, user, "erp", actor="t", now=NOW)
    headers = {"Authorization": f"Bearer {token}"}
    told = client.get(f"/api/v1/devices/{MAC}/identity", headers=headers).json
    (match,) = told["judgements"]
    assert (match["verdict"], match["strength"]) == ("match", "read")
    assert match["evidence"][0]["origin"] == "snmp"
    assert client.get("/api/v1/devices/02f1a7999999/identity", headers=headers).status_code == 404


def test_the_command_tells_the_verdicts_even_when_the_read_fails(estate: Estate) -> None:
    found = CliRunner().invoke(
        device,
        ["read", "192.0.2.1", "--via", "snmp", "--json"],
        obj=lambda: estate.installation,
    )
    assert isinstance(found.exception, SystemExit) or found.exception
    read(estate, FACTS)
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).address = "10.0.0.7"
    done = CliRunner().invoke(
        device, ["read", MAC, "--via", "http", "--json"], obj=lambda: estate.installation
    )
    assert done.exit_code == 1
    assert json.loads(done.stdout)["identity"] == [], "nobody answered, nothing is judged"
