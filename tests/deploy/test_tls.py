"""S22: what the TLS of the shipped nginx configuration speaks, asked from outside."""

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nginx import PROJECT, Nginx, Site, find_nginx
from tests.ports import free_port
from tests.whole_set import make_certificate, tls_site

#: Forward secrecy and authenticated encryption, all of them.
STRONG = {
    f"ECDHE-{key}-{cipher}"
    for key in ("ECDSA", "RSA")
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
}
OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
#: Of a certificate that we signed ourselves for a day, of a server that no name leads to, and of
#: the program, which does not stand behind this nginx. The order: all six ciphers are strong, and
#: a client knows best which of them its own chip does.
NOT_OURS = {
    "cert_expirationStatus",
    "cert_notAfter",
    "security_headers",
    "cipher_order",
    "cert_trust",
    "cert_chain_of_trust",
    "DNS_CAArecord",
    "cert_revocation",
    "OCSP_stapling",
}

pytestmark = [
    pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed"),
    # Asking for what is outdated is the point here.
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """flatpro-tls.conf with the two certificates that it provides for; nothing is behind it."""
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder / "tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", folder / "tls" / "rsa.key", "-out", folder / "tls" / "rsa.crt"),
        ],
        check=True,
        capture_output=True,
    )
    found = {name: free_port() for name in ("pages", "phones", "http", "443", "8443", "8881")}
    shipped = tls_site(found, folder, folder / "tls")
    both = Site(shipped.name, (*shipped.replacements, (r"#(ssl_certificate\S* )", r"\1")))
    nginx = Nginx.start_site(folder / "nginx", both, found["443"])
    yield found
    nginx.close()


def client(ciphers: str, version: ssl.TLSVersion) -> ssl.SSLContext:
    """One that takes whatever is offered, in this version alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    return context


def spoken(port: int, ciphers: str, version: ssl.TLSVersion) -> str:
    """The cipher that was agreed on, or nothing."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as line,
            client(ciphers, version).wrap_socket(line) as tls,
        ):
            found = tls.cipher()
            return found[0] if found else ""
    except (ssl.SSLError, ConnectionResetError):
        return ""


def known_ciphers() -> list[str]:
    """Every cipher of TLS 1.2 and older that this machine can offer, null ones included."""
    everything = client("ALL:COMPLEMENTOFALL", ssl.TLSVersion.TLSv1_2).get_ciphers()
    return [one["name"] for one in everything if one["protocol"] != "TLSv1.3"]


@pytest.mark.parametrize("listener", ["443", "8443"])
def test_proof_s22_only_new_versions_and_strong_ciphers_are_spoken(
    ports: dict[str, int], listener: str
) -> None:
    port, offered = ports[listener], known_ciphers()
    old = [version.name for version in OLD if spoken(port, "ALL:COMPLEMENTOFALL", version)]
    assert old == []
    taken = {name for name in offered if spoken(port, name, ssl.TLSVersion.TLSv1_2)}
    assert spoken(port, "ALL", ssl.TLSVersion.TLSv1_3).startswith("TLS_")
    print(  # noqa: T201
        f"S22: port {listener}: TLS 1.0 and 1.1 refused; of {len(offered)} ciphers of TLS 1.2 "
        f"{len(taken)} are taken, {len(taken - STRONG)} of them weak"
    )
    assert len(offered) > 60
    assert taken == STRONG


def test_proof_s22_people_are_told_to_stay_with_tls_and_no_port_serves_them_without(
    ports: dict[str, int],
) -> None:
    with (
        socket.create_connection(("127.0.0.1", ports["443"]), timeout=10) as line,
        client("ALL", ssl.TLSVersion.TLSv1_3).wrap_socket(line) as tls,
    ):
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = b"".join(iter(lambda: tls.recv(65536), b"")).split(b"\r\n\r\n")[0]
    assert b"Strict-Transport-Security: max-age=31536000" in head
    with socket.create_connection(("127.0.0.1", ports["http"]), timeout=10) as line:
        line.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = b"".join(iter(lambda: line.recv(65536), b"")).split(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 308 ")
    assert b"Location: https://localhost/x" in head


def test_proof_s22_old_phones_have_a_listener_of_their_own_that_nobody_gets_unasked() -> None:
    folder = PROJECT / "deploy" / "nginx"
    legacy = (folder / "legacy-phones.conf").read_text()
    assert "TLSv1 " in legacy
    assert "flatpro-pages" not in legacy, "people and staff never come in by it"
    others = [
        path.read_text() for path in folder.rglob("*.conf") if path.name != "legacy-phones.conf"
    ]
    assert not any("legacy-phones" in text or "TLSv1 " in text for text in others)
    assert "legacy-phones" not in (PROJECT / "deploy" / "compose.yaml").read_text()


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("testssl") is None, reason="testssl.sh is not installed")
def test_proof_s22_testssl_finds_nothing_of_medium_weight_or_more(
    ports: dict[str, int], tmp_path: Path
) -> None:
    told = tmp_path / "told.json"
    command = ["testssl", "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none"]
    subprocess.run(
        [*command, "--jsonfile", told, f"localhost:{ports['443']}"],
        check=False,
        capture_output=True,
        timeout=540,
    )
    found = json.loads(told.read_text())
    bad = [
        f"{one['id']}: {one['finding']}"
        for one in found
        if one["severity"] in {"MEDIUM", "HIGH", "CRITICAL"}
        and one["id"].split(" ")[0] not in NOT_OURS
    ]
    print(f"S22: testssl.sh: {len(found)} findings, {len(bad)} of medium weight or more")  # noqa: T201
    assert len(found) > 100
    assert bad == []
