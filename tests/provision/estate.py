"""A small estate of phones in a real installation: a product, a site, one phone with secrets."""

import hashlib
import io
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from accounts import users
from accounts.models import OrganisationKind, Site
from catalogue import keys, products
from catalogue.products import NewProduct
from firmware import publishing
from firmware.publishing import NewRelease
from provision import credentials, profiles
from provision.devices import registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.models import Device
from provision.devices.registry import NewDevice
from storage.installation import Installation

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MAC = "02f1a7000001"
UNKNOWN = "02f1a7ffff01"
SERIAL = "FP2648B2K7Q2XM6"
SIP_PASSWORD = "sip-Secret-42"
IMAGE_BYTES = 400_000


@dataclass(frozen=True)
class Estate:
    """What the tests know: the phone's own secrets."""

    installation: Installation
    token: str
    password: str

    def agent(self, firmware: str, mac: str = MAC) -> str:
        return f"FlatPhone/{firmware} (FP-B2; hw A; sn {SERIAL}; mac {mac})"


def catalogue(session: Session) -> Site:
    """The product FP-B2 with two revisions, and a site of a customer."""
    new = NewProduct("FP-B2", "Телефон B2", "Phone B2", hardware=("A", "B"))
    products.add(session, new, actor="test", now=NOW)
    owner = users.add_organisation(session, "Ромашка", OrganisationKind.CUSTOMER)
    site = Site(organisation_id=owner.id, name="Офис")
    session.add(site)
    session.flush()
    return site


def add_phone(session: Session, mac: str = MAC, serial: str | None = SERIAL, **more: str) -> Device:
    new = NewDevice(
        mac=MacAddress.parse(mac),
        product="FP-B2",
        serial=SerialNumber.parse(serial) if serial else None,
        hardware=more.get("hardware", "A"),
        site=more.get("site", "Офис"),
        group=more.get("group", ""),
    )
    return registry.add_device(session, new, actor="test", now=NOW)


def build(installation: Installation) -> Estate:
    """One phone of FP-B2 at a site, with a token, a password and a SIP line."""
    with installation.database.writing() as session:
        catalogue(session)
        device = add_phone(session)
        token = credentials.issue_token(session, device, actor="test", now=NOW)
        password = credentials.issue_password(
            session, device, installation.seal, actor="test", now=NOW
        )
        link = profiles.link_for(session, device=MAC)
        for name, text in (("sip.1.number", "101"), ("sip.1.password", SIP_PASSWORD)):
            profiles.put(session, installation.seal, link, name, text, actor="test", now=NOW)
    return Estate(installation, token, password)


def image(version: str, size: int = IMAGE_BYTES) -> bytes:
    """A Flat Phone image with a right header."""
    payload = (version.encode() * size)[: size - 256]
    header = b"FLATFW\x00\x01" + b"FP-B2".ljust(32, b"\0") + version.encode().ljust(16, b"\0")
    header += b"A,B".ljust(32, b"\0") + struct.pack("<Q", len(payload))
    header += hashlib.sha256(payload).digest()
    return header.ljust(256, b"\0") + payload


def publish(
    installation: Installation, version: str, size: int = IMAGE_BYTES, channel: str = "stable"
) -> bytes:
    """Publish a release to a channel; its bytes."""
    body = image(version, size)
    new = NewRelease(
        product="FP-B2", version=version, file_name=f"fp-b2-{version}.img", channel=channel
    )
    stored = publishing.store_image(installation.blobs, io.BytesIO(body))
    with installation.database.writing() as session:
        publishing.publish(
            session, new, stored, keys.of(installation), actor="test", now=datetime.now(UTC)
        )
    return body
