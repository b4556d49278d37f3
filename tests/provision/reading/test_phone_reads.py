"""Reading a phone on request: a real simulated phone on loopback, its settings from the profile."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

import pytest

from provision import profiles
from provision.devices import readings, registry
from provision.devices.readings import MatchVerdict, ReadingSummary
from provision.devices.registry import UnknownDeviceError
from provision.profiles import GLOBAL
from provision.readers.networks import ReadOptions
from provision.readers.ways import Via
from provision.reading import phone_reads, read_settings
from provision.reading.phone_reads import NoAddressError, ReadAnswer
from simulator.digest import Login
from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.facts import PhoneFacts
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, Estate

COMMUNITY, PASSWORD = "read-Me-7", "http-Secret-7"


@dataclass
class Phone:
    """What the faces show; the firmware can be changed under them."""

    firmware: str = "2.3.1"

    def facts(self) -> PhoneFacts:
        return PhoneFacts("FP-B2", "A", SERIAL, MAC, self.firmware, 42.0, "power on")

    def resync(self) -> None:
        raise AssertionError("a read asks for nothing")

    def reboot(self) -> None:
        raise AssertionError("a read asks for nothing")


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def faces(phone: Phone) -> Iterator[Faces]:
    options = FaceOptions(snmp_community=COMMUNITY, http_login=Login("admin", PASSWORD))
    with serve_faces(phone, options) as opened:
        yield opened


@pytest.fixture
def estate(installation: Installation, faces: Faces) -> Estate:
    """The phone's ports and secrets stand in the global profile; 127.0.0.0/24 may be read."""
    options = {ReadOptions: ReadOptions(networks=(IPv4Network("127.0.0.0/24"),))}
    made = estates.build(replace(installation, options=options))
    settings = {
        "read.snmp_port": str(faces.snmp_port),
        "read.snmp_community": COMMUNITY,
        "read.http_port": str(faces.http_port),
        "read.http_user": "admin",
        "read.http_password": PASSWORD,
    }
    with installation.database.writing() as session:
        for name, text in settings.items():
            profiles.put(session, installation.seal, GLOBAL, name, text, actor="test", now=NOW)
        registry.get(session, MAC).address = "127.0.0.1"
    return made


def read(estate: Estate, name: str, *ways: Via) -> list[ReadAnswer]:
    chosen = ways or phone_reads.BOTH
    return list(
        phone_reads.read_phone(estate.installation, name, asked_by="agent", now=NOW, ways=chosen)
    )


def stored(estate: Estate) -> list[ReadingSummary]:
    with estate.installation.database.reading() as session:
        return list(readings.of_device(session, registry.get(session, MAC), 9))


@pytest.mark.parametrize("name", ["127.0.0.1", SERIAL, MAC, "02:F1:A7:00:00:01"])
def test_a_phone_is_read_both_ways_by_every_name(estate: Estate, name: str) -> None:
    snmp, http = read(estate, name)
    for answer in (snmp, http):
        assert answer.error is None
        assert answer.facts is not None
        assert answer.verdict is MatchVerdict.MATCHED
        assert (str(answer.facts.serial), answer.facts.firmware) == (SERIAL, "2.3.1")
        assert (answer.facts.product, answer.facts.hardware) == ("FP-B2", "A")
    merged = phone_reads.merged([snmp, http])
    assert merged is not None
    assert merged.mac is not None
    assert merged.mac.hex == MAC


def test_the_next_read_differs_and_the_old_one_stays(estate: Estate, phone: Phone) -> None:
    read(estate, MAC, Via.SNMP)
    phone.firmware = "2.4.1"
    read(estate, MAC, Via.SNMP)
    newest, oldest = stored(estate)
    assert newest.facts is not None
    assert oldest.facts is not None
    assert (oldest.facts.firmware, newest.facts.firmware) == ("2.3.1", "2.4.1")
    assert [found.name for found in newest.changed] == ["firmware"]


def test_a_wrong_secret_is_an_answer_that_is_kept(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        seal, device = estate.installation.seal, profiles.link_for(session, device=MAC)
        name = "read.http_password"
        profiles.put(session, seal, device, name, "wrong", actor="test", now=NOW)
    (answer,) = read(estate, MAC, Via.HTTP)
    assert answer.facts is None
    assert answer.error is not None
    assert answer.error.code == "phone-access-denied"
    (kept,) = stored(estate)
    assert kept.error_code == "phone-access-denied"
    assert phone_reads.merged([answer]) is None


def test_a_port_can_be_given(estate: Estate, faces: Faces) -> None:
    (answer,) = phone_reads.read_phone(
        estate.installation, MAC, asked_by="agent", now=NOW, ways=(Via.SNMP,), port=1
    )
    assert answer.error is not None
    assert answer.error.code == "phone-unreachable"
    assert faces.snmp_port != 1


def test_an_address_outside_the_allowed_networks_is_not_touched(estate: Estate) -> None:
    (answer,) = read(estate, "127.0.1.1", Via.SNMP)
    assert answer.error is not None
    assert answer.error.code == "read-not-allowed"


def test_what_nobody_knows_is_refused(estate: Estate) -> None:
    with pytest.raises(UnknownDeviceError):
        read(estate, "02f1a7000009")
    with pytest.raises(UnknownDeviceError):
        read(estate, "phone.example.net")
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).address = None
    with pytest.raises(NoAddressError):
        read(estate, SERIAL)


def test_a_phone_without_read_settings_says_which_are_missing(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        for name in ("read.snmp_community", "read.http_user"):
            profiles.remove(session, GLOBAL, name, actor="test", now=NOW)
    (answer,) = read(estate, MAC, Via.SNMP)
    assert answer.error is not None
    assert answer.error.code == "no-credential"


def test_a_phone_is_read_in_the_dialect_that_its_settings_or_the_question_name(
    estate: Estate,
) -> None:
    (other,) = phone_reads.read_phone(
        estate.installation, MAC, asked_by="agent", now=NOW, ways=(Via.HTTP,), family="cisco"
    )
    assert other.error is not None, "a Flat Phone has none of Cisco's pages"
    with estate.installation.database.writing() as session:
        link = profiles.link_for(session, device=MAC)
        seal = estate.installation.seal
        profiles.put(session, seal, link, "read.family", "nobody", actor="test", now=NOW)
    (unknown,) = read(estate, MAC, Via.HTTP)
    assert unknown.error is not None
    assert unknown.error.code == "no-such-reader"
    assert "nobody" in unknown.error.text("en")


def test_a_fingerprint_is_taken_as_people_write_it() -> None:
    written = "SHA256:AB:CD:" + ":".join(["00"] * 30)
    assert read_settings.plain_fingerprint(written) == "abcd" + "00" * 30
    assert read_settings.plain_fingerprint(None) is None
