"""Readings: whose facts they are, what they teach, and what they never take away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from provision.devices import changes, readings, registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.readings import Attempt, MatchVerdict
from provision.readers.errors import Phrase, UnreachableError
from provision.readers.facts import DeviceFacts
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, Estate

FACTS = DeviceFacts(
    product="FP-B2",
    hardware="A",
    serial=SerialNumber.parse(SERIAL),
    mac=MacAddress(MAC),
    firmware="2.3.1",
    uptime_s=10,
)
OTHER_MAC, OTHER_SERIAL = MacAddress("02f1a7000002"), SerialNumber.parse("FP2648B2K7Q2XN4")


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def read(estate: Estate, facts: DeviceFacts | None, minutes: int = 0, **more: object) -> object:
    attempt = Attempt("10.0.0.7", "snmp", "agent", facts)
    with estate.installation.database.writing() as session:
        asked = registry.get(session, MAC) if more.get("asked") else None
        at = NOW + timedelta(minutes=minutes)
        return readings.record(session, attempt, now=at, asked=asked)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (FACTS, MatchVerdict.MATCHED),
        (replace(FACTS, serial=None), MatchVerdict.MATCHED),
        (replace(FACTS, mac=None), MatchVerdict.MATCHED),
        (replace(FACTS, mac=OTHER_MAC, serial=OTHER_SERIAL), MatchVerdict.NEW),
        (replace(FACTS, mac=OTHER_MAC, serial=None), MatchVerdict.NEW),
        (replace(FACTS, serial=OTHER_SERIAL), MatchVerdict.SERIAL_DIFFERS),
        (replace(FACTS, mac=OTHER_MAC), MatchVerdict.MAC_DIFFERS),
        (replace(FACTS, mac=None, serial=None), MatchVerdict.NAMELESS),
    ],
)
def test_the_verdict_says_how_mac_and_serial_fit_the_records(
    estate: Estate, facts: DeviceFacts, verdict: MatchVerdict
) -> None:
    with estate.installation.database.reading() as session:
        assert readings.match(session, facts).verdict is verdict


def test_mac_and_serial_of_two_devices_are_seen(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        estates.add_phone(session, OTHER_MAC.hex, OTHER_SERIAL.text)
    with estate.installation.database.reading() as session:
        found = readings.match(session, replace(FACTS, serial=OTHER_SERIAL))
        assert found.verdict is MatchVerdict.TWO_DEVICES
        assert found.device is not None
        assert found.device.mac == MAC


def test_a_reading_teaches_what_was_unknown_and_where_the_phone_is(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        phone.serial, phone.hardware = None, None
    assert read(estate, FACTS) is MatchVerdict.MATCHED
    with estate.installation.database.reading() as session:
        summary = registry.summary(session, MAC)
    assert (summary.serial, summary.hardware) == (SERIAL, "A")
    assert (summary.firmware, summary.address) == ("2.3.1", "10.0.0.7")


def test_an_incomplete_answer_takes_nothing_away(estate: Estate) -> None:
    read(estate, FACTS)
    read(estate, DeviceFacts(mac=MacAddress(MAC)), 1)
    with estate.installation.database.reading() as session:
        summary = registry.summary(session, MAC)
    assert (summary.serial, summary.hardware, summary.firmware) == (SERIAL, "A", "2.3.1")


def test_another_serial_is_an_event_and_no_correction_and_is_noted_once(estate: Estate) -> None:
    for minute in range(3):
        read(estate, replace(FACTS, serial=OTHER_SERIAL), minute)
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        noted = [found for found in changes.of_device(session, phone, 9) if found.field == "serial"]
    assert phone.serial == SERIAL
    assert phone.address is None
    assert [(found.old, found.new, found.applied) for found in noted] == [
        (SERIAL, OTHER_SERIAL.text, False)
    ]


def test_the_old_firmware_stays_in_the_history(estate: Estate) -> None:
    read(estate, FACTS)
    read(estate, replace(FACTS, firmware="2.4.1", uptime_s=99), 5)
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        newest, oldest = readings.of_device(session, phone, 5)
        told = [found.new for found in changes.of_device(session, phone, 9)]
    assert (oldest.facts.firmware, newest.facts.firmware) == ("2.3.1", "2.4.1")  # type: ignore[union-attr]
    assert [(one.name, one.before, one.after) for one in newest.changed] == [
        ("firmware", "2.3.1", "2.4.1")
    ]
    assert told == ["2.4.1", "2.3.1"]


def test_what_a_proved_phone_said_outranks_a_reading(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        phone.firmware, phone.last_check_in_at = "2.4.1", NOW
    read(estate, FACTS)
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        assert phone.firmware == "2.4.1"
        latest = readings.latest_facts(session, phone)
        assert latest is not None
        assert latest[1].firmware == "2.3.1"


def test_a_failure_is_an_answer_in_both_languages(estate: Estate) -> None:
    error = UnreachableError(address="10.0.0.7", via="SNMP", reason=Phrase("молчит", "silent"))
    with estate.installation.database.writing() as session:
        attempt = Attempt("10.0.0.7", "snmp", "agent", error=error)
        verdict = readings.record(session, attempt, now=NOW, asked=registry.get(session, MAC))
    assert verdict is None
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        (found,) = readings.of_device(session, phone, 5)
        assert readings.latest_facts(session, phone) is None
    assert found.error_code == "phone-unreachable"
    assert "молчит" in (found.error_text("ru") or "")
    assert "silent" in (found.error_text("en") or "")


def test_nameless_facts_belong_to_the_device_that_was_asked(estate: Estate) -> None:
    assert read(estate, DeviceFacts(firmware="2.3.1"), asked=True) is MatchVerdict.NAMELESS
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        assert len(readings.of_device(session, phone, 5)) == 1


def test_a_phone_that_is_not_ours_is_kept_without_a_device(estate: Estate) -> None:
    facts = replace(FACTS, mac=OTHER_MAC, serial=OTHER_SERIAL)
    assert read(estate, facts) is MatchVerdict.NEW
    with estate.installation.database.reading() as session:
        assert not readings.of_device(session, registry.get(session, MAC), 5)


def test_another_mac_and_product_are_noted(estate: Estate) -> None:
    read(estate, replace(FACTS, mac=OTHER_MAC, product="FP-C5", hardware="B"))
    with estate.installation.database.reading() as session:
        noted = changes.of_device(session, registry.get(session, MAC), 9)
    told = {(found.field, found.new, found.applied) for found in noted}
    assert {
        ("mac", OTHER_MAC.hex, False),
        ("product", "FP-C5", False),
        ("hardware", "B", False),
    } <= told
