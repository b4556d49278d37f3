"""Ten phones of which one misbehaves (H1, H5, H7, R21): it costs its own time and nothing more."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

import pytest

from provision import profiles
from provision.devices import registry
from provision.diagnosis import conducting
from provision.diagnosis.findings import Code
from provision.profiles import GLOBAL
from provision.readers.networks import ReadOptions
from provision.ssh_keys import pins
from provision.sweeps import conducting as sweeping
from provision.sweeps import results
from provision.sweeps.conducting import NewSweep
from simulator.digest import Login
from simulator.faces import FaceOptions, serve_faces
from simulator.facts import PhoneFacts
from simulator.hostile_faces import Hostility
from simulator.ssh_face import host_key
from storage.clock import now
from storage.installation import Installation
from tests.ports import free_port
from tests.provision import estate as estates
from tests.provision.estate import NOW

COMMUNITY, PASSWORD = "read-Me-7", "http-Secret-7"
PHONES, ROGUE = 10, 7
#: Two tries of SNMP, HTTP's and SSH's wall clocks, and some air for a busy machine.
WORST_S = 2 + 10 + 20 + 15


@dataclass(frozen=True)
class Phone:
    number: int

    def facts(self) -> PhoneFacts:
        return PhoneFacts(
            "FP-B2", "A", f"S{self.number}", mac_of(self.number), "2.4.1", 9e4, "power on"
        )

    def resync(self) -> None:
        raise AssertionError("nobody asks for it")

    def reboot(self) -> None:
        raise AssertionError("nobody asks for it")


def mac_of(number: int) -> str:
    return f"02f1a7{number:06x}"


def address_of(number: int) -> str:
    return f"127.0.66.{number}"


#: Half a minute each: the long proofs have them all.
SLOW = [pytest.param(one, marks=pytest.mark.prove) for one in (Hostility.DRIP, Hostility.SILENT)]


@pytest.fixture(params=[Hostility.GARBAGE, *SLOW])
def street(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Installation]:
    """Ten phones in the register and on the wire, all on the same ports."""
    ports = [free_port() for _ in range(3)]
    networks = ReadOptions(networks=(IPv4Network("127.0.66.0/24"),))
    ours = replace(installation, options={**installation.options, ReadOptions: networks})
    settings = {
        "read.snmp_port": str(ports[0]),
        "read.snmp_community": COMMUNITY,
        "read.http_port": str(ports[1]),
        "read.http_user": "admin",
        "read.http_password": PASSWORD,
        "read.ssh_port": str(ports[2]),
        "read.ssh_user": "admin",
        "read.ssh_password": PASSWORD,
    }
    with ours.database.writing() as session:
        estates.catalogue(session)
        for name, text in settings.items():
            profiles.put(session, ours.seal, GLOBAL, name, text, actor="test", now=NOW)
        for number in range(1, PHONES + 1):
            device = estates.add_phone(session, mac_of(number), f"S{number}")
            device.address, device.last_check_in_at = address_of(number), now()
            key = host_key(PASSWORD, device.mac).fingerprint
            pins.note_shown(session, device, key, address_of(number), NOW, expected=None)
            pins.accept(session, device, key, actor="test", now=NOW)
    with contextlib.ExitStack() as stack:
        for number in range(1, PHONES + 1):
            options = FaceOptions(
                address_of(number),
                *ports[:2],
                snmp_community=COMMUNITY,
                http_login=Login("admin", PASSWORD),
                ssh_port=ports[2],
                hostile=request.param if number == ROGUE else None,
            )
            stack.enter_context(serve_faces(Phone(number), options))
        yield ours


def test_a_sweep_finds_the_nine_and_loses_no_time_on_the_tenth(street: Installation) -> None:
    new = NewSweep(["127.0.66.0/27"], 20_000, None, 1.0, 1)
    with street.database.writing() as session:
        number = sweeping.start(session, street, new, actor="test", now=NOW)
    started = time.monotonic()
    sweeping.walk(street, number)
    assert time.monotonic() - started < WORST_S
    with street.database.reading() as session:
        told = {one.address: one.serial for one in results.listed(session, number)}
    assert {address for address, serial in told.items() if serial} == {
        address_of(number) for number in range(1, PHONES + 1) if number != ROGUE
    }


def test_a_diagnosis_of_the_rogue_ends_in_time_and_its_neighbours_are_well(
    street: Installation,
) -> None:
    def diagnosed(number: int) -> conducting.DiagnosisAnswer:
        with street.database.writing() as session:
            asked = conducting.start(session, mac_of(number), actor="test", now=now())
        return conducting.run(street, asked.id, now())

    before = threading.active_count()
    started = time.monotonic()
    rogue = diagnosed(ROGUE)
    assert time.monotonic() - started < WORST_S
    assert rogue.facts is None
    assert [one.via for one in rogue.failures] == ["snmp", "http", "ssh"]
    assert rogue.conclusion is not None
    said = {one.code for one in rogue.conclusion.findings}
    assert said & {Code.UNREACHABLE, Code.ANSWERS_WRONGLY}
    neighbour = diagnosed(ROGUE + 1)
    assert neighbour.failures == ()
    assert neighbour.conclusion is not None
    assert neighbour.conclusion.findings == ()
    with street.database.reading() as session:
        assert registry.get(session, mac_of(ROGUE)).serial == f"S{ROGUE}", "nothing was taken away"
    assert threading.active_count() - before <= 4
