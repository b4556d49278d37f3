"""The register: one device by MAC, serial and address, and nothing half added."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from accounts.models import AuditEntry
from catalogue.products import UnknownProductError
from provision.devices import registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.models import Device, Handover, HandoverKind
from provision.devices.registry import (
    DeviceExistsError,
    HandoverReferenceError,
    NewDevice,
    NewHandover,
    SerialTakenError,
    UnknownDeviceError,
    UnknownHardwareError,
)
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, Estate

OTHER = MacAddress("02f1a7000002")


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@pytest.mark.parametrize(
    "name",
    [MAC, "02:F1:A7:00:00:01", "02F1.A700.0001", SERIAL, SERIAL.lower(), " fp2648-b2k7 q2xm6 "],
)
def test_a_device_is_found_by_every_spelling_of_its_names(estate: Estate, name: str) -> None:
    with estate.installation.database.reading() as session:
        assert registry.find(session, name).mac == MAC


def test_a_device_is_found_where_it_was_last_seen(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).address = "10.0.0.7"
        newer = estates.add_phone(session, OTHER.hex, None)
        newer.address, newer.last_check_in_at = "10.0.0.7", NOW
    with estate.installation.database.reading() as session:
        assert registry.find(session, "10.0.0.7").mac == OTHER.hex
        with pytest.raises(UnknownDeviceError):
            registry.find(session, "10.0.0.8")


@pytest.mark.parametrize("name", ["", "?", "02f1a7ffff01", "02f1a70000", "'; DROP TABLE device"])
def test_a_name_that_is_nobodys_is_refused_in_words(estate: Estate, name: str) -> None:
    with estate.installation.database.reading() as session:
        with pytest.raises(UnknownDeviceError) as refusal:
            registry.find(session, name)
        assert "MAC" in refusal.value.text("ru")
        with pytest.raises(UnknownDeviceError):
            registry.get(session, name)


def test_adding_tells_the_owner_from_the_site_and_leaves_an_audit_entry(estate: Estate) -> None:
    with estate.installation.database.reading() as session:
        summary = registry.summary(session, MAC)
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject == f"device:{MAC}"))
        actions = [entry.action for entry in entries]
    assert (summary.site, summary.organisation) == ("Офис", "Ромашка")
    assert (summary.product_code, summary.hardware, summary.channel) == ("FP-B2", "A", "stable")
    assert summary.own_product
    assert summary.product_name("ru") == "Телефон B2"
    assert summary.product_name("en") == "Phone B2"
    assert actions[0] == "device.add"


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewDevice(MacAddress(MAC), "FP-B2", hardware="A"), DeviceExistsError),
        (NewDevice(OTHER, "FP-B2", SerialNumber.parse(SERIAL), "A"), SerialTakenError),
        (NewDevice(OTHER, "FP-XX"), UnknownProductError),
        (NewDevice(OTHER, "FP-B2", hardware="Z"), UnknownHardwareError),
    ],
)
def test_a_device_that_does_not_fit_is_refused_and_nothing_is_stored(
    estate: Estate, new: NewDevice, refusal: type[Exception]
) -> None:
    database = estate.installation.database
    with pytest.raises(refusal), database.writing() as session:
        registry.add_device(session, new, actor="test", now=NOW)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Device)) == 1


def test_a_revision_is_not_guessed_where_a_product_has_two(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        added = registry.add_device(session, NewDevice(OTHER, "FP-B2"), actor="test", now=NOW)
        assert added.hardware is None


def test_an_exact_serial_never_finds_by_mac(estate: Estate) -> None:
    with estate.installation.database.reading() as session:
        assert registry.summary_by_serial(session, SerialNumber.parse(MAC)) is None
        found = registry.summary_by_serial(session, SerialNumber.parse(SERIAL))
        assert found is not None
        assert found.mac == MAC


def test_the_same_proof_twice_is_one_proof(estate: Estate) -> None:
    database = estate.installation.database
    proof = NewHandover(HandoverKind.USER_DOCUMENT, date(2026, 7, 25), " УПД № 311 ", "Д-7")
    for hours in (0, 1):
        with database.writing() as session:
            device = registry.get(session, MAC)
            at = NOW + timedelta(hours=hours)
            registry.add_handover(session, device, proof, actor="agent", now=at)
    with database.reading() as session:
        (found,) = registry.handovers(session, MAC)
        assert session.scalar(select(func.count()).select_from(Handover)) == 1
    assert (found.kind, found.on) == (HandoverKind.USER_DOCUMENT, date(2026, 7, 25))
    assert (found.reference, found.contract) == ("УПД № 311", "Д-7")
    assert (found.recorded_by, found.recorded_at) == ("agent", NOW)


@pytest.mark.parametrize("reference", ["", "   ", "x" * 201])
def test_a_proof_names_its_paper(estate: Estate, reference: str) -> None:
    proof = NewHandover(HandoverKind.MANUFACTURE, date(2026, 7, 25), reference)
    with (
        pytest.raises(HandoverReferenceError),
        estate.installation.database.writing() as session,
    ):
        registry.add_handover(session, registry.get(session, MAC), proof, actor="x", now=NOW)
