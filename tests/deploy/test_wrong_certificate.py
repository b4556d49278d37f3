"""A phone whose certificate is over, behind the nginx that is shipped: let in, and told of."""

import http.client
import shutil
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from portal import health
from portal.app import Plane, create_app
from portal.settings import Settings
from provision import folding
from provision.models import CheckIn
from storage.installation import Installation
from tests.nginx import Nginx, Site, find_nginx
from tests.ports import free_port
from tests.provision import estate as estates
from tests.provision.estate import MAC, SIP_PASSWORD
from tests.provision.phone_plane import served
from tests.whole_set import make_certificate

pytestmark = pytest.mark.skipif(
    find_nginx() is None or shutil.which("openssl") is None,
    reason="nginx or openssl is not installed",
)


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def port(installation: Installation, settings: Settings, tmp_path: Path) -> Iterator[int]:
    """The TLS port for phones of the shipped configuration, with the phone plane behind it."""
    estates.build(installation)
    make_certificate(tmp_path / "tls")
    behind = settings.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})
    app = create_app(installation, behind, {Plane.PHONES})
    health.started(app).set()
    ports = {name: free_port() for name in ("80", "443", "8443", "8881")}
    with served(app) as behind_port:
        site = Site(
            "flatpro-tls.conf",
            (
                (r"server 127\.0\.0\.1:8080;", f"server 127.0.0.1:{behind_port};"),
                (r"server 127\.0\.0\.1:8081;", f"server 127.0.0.1:{behind_port};"),
                (r"listen 80;", f"listen 127.0.0.1:{ports['80']};"),
                (r"listen 443 ", f"listen 127.0.0.1:{ports['443']} "),
                (r"listen 8443 ", f"listen 127.0.0.1:{ports['8443']} "),
                (r"listen 8881;", f"listen 127.0.0.1:{ports['8881']};"),
                (r"/etc/flatpro/tls/", f"{tmp_path / 'tls'}/"),
                (r"/var/lib/flatpro/blobs/", f"{tmp_path}/blobs/"),
            ),
        )
        with closing(Nginx.start_site(tmp_path / "nginx", site, ports["8443"])):
            yield ports["8443"]


def certificate(folder: Path, until: timedelta) -> Path:
    """A certificate of the phone, signed by the authority of phones, with its key in one file."""
    authority = x509.load_pem_x509_certificate((folder / "phones-ca.crt").read_bytes())
    signer = load_pem_private_key((folder / "phones-ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, MAC)]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=30))
        .not_valid_after(at + until)
        .sign(signer, SHA256())
    )
    file = folder / f"phone-{until.days}.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + plain)
    return file


def fetched(port: int, shown: Path, trusted: Path) -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=str(trusted))
    context.load_cert_chain(shown)
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
    with closing(connection):
        connection.request("GET", f"/p/{MAC}.cfg")
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_a_certificate_that_is_over_gets_the_bootstrap_and_a_hint_for_staff(
    port: int, tmp_path: Path, installation: Installation
) -> None:
    folder = tmp_path / "tls"
    trusted = folder / "ecdsa.crt"
    status, body = fetched(port, certificate(folder, timedelta(days=1)), trusted)
    assert (status, SIP_PASSWORD.encode() in body) == (200, True)
    status, body = fetched(port, certificate(folder, timedelta(days=-1)), trusted)
    assert (status, SIP_PASSWORD.encode() in body) == (200, False)
    assert b"/p/auth/" in body
    folding.reader_of(installation).fold()
    with installation.database.reading() as session:
        hints = session.scalars(select(CheckIn.hint).order_by(CheckIn.id)).all()
    assert list(hints) == [None, "certificate"]
