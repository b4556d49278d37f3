"""A site behind NAT: a phone that the server may not reach, and the server that is asked."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from flask import Flask
from werkzeug.serving import make_server

from accounts import users
from accounts.models import Role
from portal.app import create_app
from portal.settings import Settings as PortalSettings
from provision import profiles
from provision.collectors import keeping
from provision.collectors.dispatching import CollectorOptions
from provision.devices import registry
from provision.profiles import GLOBAL
from provision.readers.networks import ReadOptions
from simulator.digest import Login
from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.facts import PhoneFacts
from storage.clock import now
from storage.installation import Installation
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, Estate

COMMUNITY, PASSWORD = "read-Me-7", "http-Secret-7"
LOOPBACK = (IPv4Network("127.0.0.0/24"),)


class Phone:
    def facts(self) -> PhoneFacts:
        return PhoneFacts("FP-B2", "A", SERIAL, MAC, "2.4.1", 42.0, "power on")

    def resync(self) -> None:
        raise AssertionError("a read asks for nothing")

    def reboot(self) -> None:
        raise AssertionError("a read asks for nothing")


@pytest.fixture
def faces() -> Iterator[Faces]:
    options = FaceOptions(snmp_community=COMMUNITY, http_login=Login("admin", PASSWORD))
    with serve_faces(Phone(), options) as opened:
        yield opened


@pytest.fixture
def estate(installation: Installation, faces: Faces) -> Estate:
    """A phone that the server itself may not read: no network is allowed to it."""
    options = {ReadOptions: ReadOptions(), CollectorOptions: CollectorOptions(60.0)}
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
        link = profiles.link_for(session, device=MAC)
        profiles.put(
            session, installation.seal, link, "read.address", "127.0.0.1", actor="test", now=NOW
        )
        registry.get(session, MAC).address = "198.51.100.9"
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=NOW)
    return made


@pytest.fixture
def site(estate: Estate, settings: PortalSettings) -> Flask:
    return create_app(estate.installation, settings)


@pytest.fixture
def server(site: Flask) -> Iterator[str]:
    served = make_server("127.0.0.1", 0, site, threaded=True)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()
    served.server_close()


def token_of(estate: Estate, site_name: str = "Офис") -> str:
    with estate.installation.database.writing() as session:
        return keeping.add(session, users.site(session, site_name), actor="test", now=now())
