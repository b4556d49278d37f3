"""A real simulated phone on loopback whose facts a test may spoil."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network

import pytest

from accounts import users
from accounts.models import Role
from provision import profiles
from provision.devices import registry
from provision.profiles import GLOBAL
from provision.readers.networks import ReadOptions
from simulator.digest import Login
from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.facts import PhoneFacts, PhoneLine
from storage.clock import now
from storage.installation import Installation
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, Estate

COMMUNITY, PASSWORD = "read-Me-7", "http-Secret-7"


@dataclass
class Phone:
    """What the faces show."""

    shown: PhoneFacts = field(
        default_factory=lambda: PhoneFacts(
            product="FP-B2",
            hardware="A",
            serial=SERIAL,
            mac=MAC,
            firmware="2.3.1",
            uptime_s=90_000.0,
            last_reboot_reason="power on",
            lines=(PhoneLine("101", ""),),
        )
    )

    def facts(self) -> PhoneFacts:
        return replace(self.shown, clock=now().isoformat())

    def resync(self) -> None:
        raise AssertionError("a diagnosis asks for nothing")

    def reboot(self) -> None:
        raise AssertionError("a diagnosis asks for nothing")


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
    made = estates.build(replace(installation, options={**installation.options, **options}))
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
        device = registry.get(session, MAC)
        device.address, device.firmware, device.last_check_in_at = "127.0.0.1", "2.3.1", now()
        for role in (Role.AGENT, Role.ENGINEER, Role.PUBLISHER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=NOW)
    return made
