"""Check-ins: what is believed of a phone, and what is kept of strangers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from jobs import queue
from jobs.runner import Work
from provision import checkins, work
from provision.checkins import UNKNOWN_ROWS_MAX, SelfReport, SentBytes, Visit
from provision.devices import changes, registry
from provision.devices.identity import MacAddress
from provision.families.family import Families
from provision.families.identification import Identity, Origin, PhoneRequest, Proof, identify
from provision.models import CheckIn, CheckInKind, DeviceCredential
from storage.clock import now as present
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, UNKNOWN, Estate

VISIT = Visit(
    at=NOW,
    kind=CheckInKind.CONFIGURATION,
    method="GET",
    path_kind="configuration",
    status=200,
    address="10.0.0.7",
    user_agent="FlatPhone/2.4.1",
    mac=MAC,
    proof="token",
)


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def identity(families: Families, agent: str, *, proved: bool = True) -> Identity:
    proof = Proof(Origin.TOKEN, MacAddress(MAC)) if proved else None
    return identify(PhoneRequest("GET", f"/p/{MAC}.cfg", agent, "10.0.0.7", proof), families)


def note(estate: Estate, found: Identity, minutes: int = 0) -> None:
    with estate.installation.database.writing() as session:
        number = session.scalars(select(DeviceCredential.id)).first()
        assert number is not None
        at = NOW + timedelta(minutes=minutes)
        said = SelfReport.of(found, number)
        assert said is not None
        checkins.note_proved(session, said, "10.0.0.7", at)


def told(estate: Estate) -> list[tuple[str, str | None, str, bool]]:
    with estate.installation.database.reading() as session:
        noted = changes.of_device(session, registry.get(session, MAC), 20)
    return [(one.field, one.old, one.new, one.applied) for one in reversed(noted)]


def test_a_proved_phone_is_alive_where_it_called_from(estate: Estate, families: Families) -> None:
    note(estate, identity(families, estate.agent("2.3.1")))
    note(estate, identity(families, estate.agent("2.3.1")), 5)
    with estate.installation.database.reading() as session:
        summary = registry.summary(session, MAC)
    assert (summary.firmware, summary.address) == ("2.3.1", "10.0.0.7")
    assert summary.first_seen_at == NOW
    assert summary.last_check_in_at == summary.firmware_seen_at == NOW + timedelta(minutes=5)
    assert told(estate) == [("firmware", None, "2.3.1", True)]


def test_another_version_is_a_change_with_its_past(estate: Estate, families: Families) -> None:
    note(estate, identity(families, estate.agent("2.3.1")))
    note(estate, identity(families, estate.agent("2.4.1")), 5)
    assert told(estate)[-1] == ("firmware", "2.3.1", "2.4.1", True)


def test_a_boot_loader_or_somebody_elses_words_are_no_firmware(
    estate: Estate, families: Families
) -> None:
    boot = estate.agent("1.0.9").replace("FlatPhone/", "FlatPhone-Boot/")
    for agent in (boot, "FlatPhone/9.9.9 (FP-B2)", "curl/8.5"):
        note(estate, identity(families, agent))
    with estate.installation.database.reading() as session:
        assert registry.summary(session, MAC).firmware is None
    assert told(estate) == []


def test_labels_that_differ_are_noted_once_and_change_nothing(
    estate: Estate, families: Families
) -> None:
    agent = f"FlatPhone/2.3.1 (FP-C5; hw B; sn XX-1; mac {MAC})"
    for minute in range(3):
        note(estate, identity(families, agent), minute)
    with estate.installation.database.reading() as session:
        summary = registry.summary(session, MAC)
    assert (summary.serial, summary.hardware, summary.product_code) == (SERIAL, "A", "FP-B2")
    assert told(estate) == [
        ("firmware", None, "2.3.1", True),
        ("serial", SERIAL, "XX1", False),
        ("hardware", "A", "B", False),
        ("product", "FP-B2", "FP-C5", False),
    ]


def test_labels_that_were_unknown_are_learned_from_the_phone(
    estate: Estate, families: Families
) -> None:
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        phone.serial, phone.hardware = None, None
    note(estate, identity(families, estate.agent("2.3.1")))
    with estate.installation.database.reading() as session:
        summary = registry.summary(session, MAC)
    assert (summary.serial, summary.hardware) == (SERIAL, "A")


def test_a_serial_of_another_device_is_not_taken_over(estate: Estate, families: Families) -> None:
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).serial = None
        estates.add_phone(session, "02f1a7000002", SERIAL)
    note(estate, identity(families, estate.agent("2.3.1")))
    assert ("serial", None, SERIAL, False) in told(estate)


def test_nothing_is_believed_of_a_phone_that_is_not_ours(
    estate: Estate, families: Families
) -> None:
    proof = Proof(Origin.TOKEN, MacAddress(UNKNOWN))
    asking = PhoneRequest("GET", f"/p/{UNKNOWN}.cfg", "-", "10.0.0.7", proof)
    note(estate, identify(asking, families))
    with estate.installation.database.reading() as session:
        assert registry.summary(session, MAC).last_check_in_at is None


def test_a_visit_belongs_to_the_device_it_names_or_to_nobody(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        for mac in (MAC, UNKNOWN, None):
            checkins.record(session, replace(VISIT, mac=mac))
        rows = session.scalars(select(CheckIn).order_by(CheckIn.id)).all()
    assert [row.device_id is not None for row in rows] == [True, False, False]
    assert [row.mac for row in rows] == [MAC, UNKNOWN, None]
    assert {row.strength for row in rows} == {"proved"}


def test_a_user_agent_is_kept_printable_and_short(estate: Estate) -> None:
    hostile = "\x14\x16\xff\n\x1b[31m" + "A" * 2000
    with estate.installation.database.writing() as session:
        number = checkins.record(session, replace(VISIT, user_agent=hostile, proof=None))
        row = session.get_one(CheckIn, number)
    assert row.user_agent.isprintable()
    assert len(row.user_agent) == 512
    assert row.strength == "claimed"
    assert row.user_agent.startswith("\\x14\\x16ÿ\\n\\x1b[31mAAA")


def test_how_a_download_ended_is_added_to_its_beginning(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        number = checkins.record(session, replace(VISIT, kind=CheckInKind.FIRMWARE))
        sent = SentBytes(100, 50, 200, complete=False)
        checkins.finish(session, number, 206, sent, NOW)
        checkins.finish(session, number + 999, 206, sent, NOW)
        row = session.get_one(CheckIn, number)
    assert (row.status, row.first_byte, row.bytes_sent) == (206, 100, 50)
    assert (row.bytes_planned, row.complete, row.finished_at) == (200, False, NOW)


def test_the_periodic_job_forgets_strangers_after_a_week_and_phones_after_a_year(
    estate: Estate,
) -> None:
    ages = {UNKNOWN: (1, 8), MAC: (8, 401)}
    at = present()
    with estate.installation.database.writing() as session:
        for mac, days in ages.items():
            for age in days:
                checkins.record(session, replace(VISIT, mac=mac, at=at - timedelta(days=age)))
    handler = work.HANDLERS[work.PERIODICS[0].kind]
    with estate.installation.database.writing() as session:
        job = queue.submit(session, work.PRUNE, {}, actor="test", now=at)
    handler(Work(job.id, {}, "test", estate.installation))
    with estate.installation.database.reading() as session:
        left = session.scalars(select(CheckIn.mac).order_by(CheckIn.id)).all()
    assert left == [UNKNOWN, MAC]


def test_a_flood_of_strangers_does_not_outgrow_its_bound(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        first = checkins.record(session, replace(VISIT, mac=UNKNOWN))
        last = session.get_one(CheckIn, first)
        session.add(
            CheckIn(**{**_columns(last), "id": first + UNKNOWN_ROWS_MAX}),
        )
        session.flush()
        assert checkins.prune(session, NOW) == 1
        assert session.scalar(select(func.count()).select_from(CheckIn)) == 1


def _columns(row: CheckIn) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in CheckIn.__table__.columns}
