"""A client certificate opens the configuration of exactly the device that it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import health
from portal.app import Plane, create_app
from portal.settings import Settings
from provision import credentials, folding
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.models import CredentialKind
from provision.proving.certificates import LENGTH_MAX, ClientCertificate
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.certificate_authority import certificate
from tests.provision.estate import MAC, SERIAL, SIP_PASSWORD, UNKNOWN, Estate
from tests.provision.phone_plane import Answer, ask, served

NEIGHBOUR = "02f1a7000002"
OURS = MacAddress(MAC)


def read(escaped: str) -> ClientCertificate:
    found = ClientCertificate.read(escaped)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "escaped",
    [
        certificate(MAC),
        certificate("02:F1:A7:00:00:01"),
        certificate("Flat Phone", serial=SERIAL),
        certificate(SERIAL),
        certificate("FP-B2", dns=(MAC,)),
    ],
)
def test_a_whole_value_that_is_this_mac_or_serial_names_the_device(escaped: str) -> None:
    assert read(escaped).is_of(OURS, SERIAL)


@pytest.mark.parametrize(
    "escaped",
    [
        certificate("Flat Phone"),
        certificate(NEIGHBOUR),
        certificate(f"phone {MAC}"),
        certificate(f"{MAC}.example"),
        certificate(SERIAL[:-1]),
        # One certificate for two phones proves neither.
        certificate(MAC, dns=(NEIGHBOUR,)),
        certificate(NEIGHBOUR, serial=SERIAL),
    ],
)
def test_anything_else_does_not(escaped: str) -> None:
    assert not read(escaped).is_of(OURS, SERIAL)


def test_a_device_without_a_serial_is_named_by_none() -> None:
    assert not read(certificate("Flat Phone", serial="None")).is_of(OURS, None)


@given(st.text(max_size=300))
def test_what_is_no_certificate_is_none(text: str) -> None:
    assert ClientCertificate.read(text) is None


def test_a_text_of_any_length_is_none() -> None:
    assert ClientCertificate.read(certificate(MAC) + "%0A" * LENGTH_MAX) is None


@dataclass
class Behind:
    """The phone plane behind a proxy that is trusted or not."""

    estate: Estate
    port: int

    def get(self, escaped: str | None, mac: str = MAC, *more: str) -> Answer:
        headers = [f"X-Client-Cert: {escaped}", "X-Client-Verify: SUCCESS"] if escaped else []
        return ask(self.port, f"/p/{mac}.cfg", *(more or headers))

    def whole(self, escaped: str | None, mac: str = MAC, *more: str) -> bool:
        """Whether the answer is the whole configuration, not the bootstrap."""
        answer = self.get(escaped, mac, *more)
        assert answer.status == 200
        return SIP_PASSWORD.encode() in answer.body


@pytest.fixture
def estate(installation: Installation) -> Estate:
    made = estates.build(installation)
    with installation.database.writing() as session:
        estates.add_phone(session, NEIGHBOUR, serial=None)
    return made


@pytest.fixture
def plane(estate: Estate, settings: Settings) -> Iterator[Behind]:
    behind = settings.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})
    app = create_app(estate.installation, behind, {Plane.PHONES})
    health.started(app).set()
    with served(app) as port:
        yield Behind(estate, port)


def test_its_own_certificate_opens_the_whole_configuration(plane: Behind) -> None:
    own = certificate(MAC)
    assert not plane.whole(None)
    assert plane.whole(own)
    assert plane.whole(own)
    assert not plane.whole(None)
    assert b"password" not in plane.get(own, NEIGHBOUR).body
    assert b"password" not in plane.get(certificate(UNKNOWN), UNKNOWN).body
    folding.reader_of(plane.estate.installation).fold()
    with plane.estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        (shown, *_others) = credentials.summaries(session, phone, now())
        assert (shown.kind, shown.is_live) == (CredentialKind.CERTIFICATE, True)
        assert shown.first_used_at is not None


def test_a_proxy_that_did_not_verify_it_proves_nothing(plane: Behind) -> None:
    shown = f"X-Client-Cert: {certificate(MAC)}"
    for verdict in ("NONE", "FAILED:self-signed certificate", "success", ""):
        assert not plane.whole(None, MAC, shown, f"X-Client-Verify: {verdict}")
    assert not plane.whole(None, MAC, shown)


def test_a_revoked_certificate_opens_nothing_and_neither_does_a_copy_from_before(
    plane: Behind,
) -> None:
    own = certificate(MAC)
    assert plane.whole(own)
    with plane.estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        kind = CredentialKind.CERTIFICATE
        assert credentials.revoke(session, phone, actor="test", now=now(), kind=kind) == 1
    assert not plane.whole(own)
    assert not plane.whole(certificate(MAC))
    assert plane.whole(certificate(MAC, issued_at=now() + timedelta(seconds=5)))


def test_a_renewed_certificate_ends_the_old_one_when_it_is_first_shown(plane: Behind) -> None:
    old, new = certificate(MAC), certificate(MAC)
    assert plane.whole(old)
    assert plane.whole(new)
    assert not plane.whole(old)


def test_the_headers_of_anybody_but_a_trusted_proxy_are_worth_nothing(
    estate: Estate, settings: Settings
) -> None:
    app = create_app(estate.installation, settings, {Plane.PHONES})
    health.started(app).set()
    with served(app) as port:
        assert not Behind(estate, port).whole(certificate(MAC))


def test_a_certificate_beside_a_wrong_token_opens_nothing(plane: Behind) -> None:
    headers = (f"X-Client-Cert: {certificate(MAC)}", "X-Client-Verify: SUCCESS")
    answer = ask(plane.port, f"/p/{'x' * 43}/{MAC}.cfg", *headers)
    assert answer.status == 404
