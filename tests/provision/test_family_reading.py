"""Families as data: recorded shapes of other vendors' phones, read by their files alone.

The answers have the shapes that the vendors' manuals and the field notes of this project show.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError
from pysnmp.proto.api import v2c

from provision.families.family import Families, Family, HttpLogin, TemplateName
from provision.families.file_form import FamilyForm
from provision.readers.errors import (
    CertificateChangedError,
    CertificateUnknownError,
    ReadError,
    UnexpectedAnswerError,
)
from provision.readers.facts import LineFacts
from provision.readers.http import read_http
from provision.readers.networks import Target
from provision.readers.snmp import read_snmp
from provision.readers.snmp_credentials import Community
from provision.readers.ways import Login
from provision.rendering import ReleaseValues, RenderError, render

Pages = dict[str, tuple[int, bytes]]
LOGIN = Login("admin", "page-Secret-7")

GRANDSTREAM = (
    b'{ "response": "success", "body": { "phone_model": "GXP2170", "sw_version": "1.0.11.48", '
    b'"mac_addr": "00:0B:82:AA:BB:01" } }'
)
CISCO: Pages = {
    "/DeviceInformationX": (
        200,
        (
            b'<?xml version="1.0" encoding="UTF-8"?><DeviceInformation><HostName>SEP0011223344AA'
            b"</HostName><MACAddress>0011223344AA</MACAddress><phoneDN>2001</phoneDN><appLoadID>"
            b"rootfs78xx.12-8-1</appLoadID><versionID>sip78xx.12-8-1-0001-455</versionID>"
            b"<hardwareRevision>V03</hardwareRevision><serialNumber>FCH2127D1AB</serialNumber>"
            b"<modelNumber>CP-7841</modelNumber></DeviceInformation>"
        ),
    ),
    "/NetworkConfigurationX": (
        200,
        (
            b"<NetworkConfiguration><IPAddress>192.0.2.44</IPAddress><OperationalVLANId>110"
            b"</OperationalVLANId></NetworkConfiguration>"
        ),
    ),
    "/PortInformationX?1": (
        200,
        (
            b"<PortInformation><CDPNeighborDeviceId>sw-core</CDPNeighborDeviceId><PortSpeed>"
            b"1000, Full</PortSpeed><PortDuplex>Full</PortDuplex></PortInformation>"
        ),
    ),
    "/StreamingStatisticsX?1": (404, b""),
}
POLYCOM: Pages = {
    "/api/v1/mgmt/device/info": (
        200,
        (
            b'{"Status":"2000","data":{"ModelNumber":"VVX 411","FirmwareRelease":"5.9.5.0614",'
            b'"DeviceVendor":"Polycom","MACAddress":"64167f0a0b0c","IPV4Address":"192.0.2.45",'
            b'"UpTimeSinceLastReboot":"2 Days 04:10:00","AttachedHardware":{"EM":[]}}}'
        ),
    ),
    "/api/v1/mgmt/network/info": (200, b'{"Status":"2000","data":{"VLANID":"42"}}'),
    "/api/v1/mgmt/lineInfo": (
        200,
        (
            b'{"Status":"2000","data":[{"Label":"2001","SIPAddress":"2001","UserID":"pbx.example",'
            b'"RegistrationStatus":"Registered"}]}'
        ),
    ),
}
SNOM = (
    b"<html><table><tr><td>Phone Type:</td><td>snomD785</td></tr><tr><td>MAC-Address:</td><td>"
    b"000413922D24</td></tr><tr><td>IP-Adress:</td><td>192.0.2.46</td></tr><tr><td>"
    b"Firmware-Version:</td><td>snomD785-SIP 10.1.33.33</td></tr></table></html>"
)


def answer(status: int, body: bytes, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*head, "", ""]).encode() + body


def pages_of(pages: Pages, heads: list[str]) -> Callable[[str, socket.socket], None]:
    def script(head: str, connection: socket.socket) -> None:
        heads.append(head)
        connection.sendall(answer(*pages.get(head.split(" ")[1], (404, b""))))
        connection.shutdown(socket.SHUT_RDWR)

    return script


def test_grandstream_is_read_by_its_values_without_a_login(
    http_phone: Callable[..., Target], families: Families
) -> None:
    heads: list[str] = []
    family = families.get("grandstream")
    assert family.http is not None
    pages = {family.http.pages[0].path: (200, GRANDSTREAM)}
    facts = read_http(http_phone(pages_of(pages, heads)), family, LOGIN)
    assert (facts.vendor, facts.product, facts.firmware) == ("Grandstream", "GXP2170", "1.0.11.48")
    assert facts.mac is not None
    assert facts.mac.hex == "000b82aabb01"
    assert "authorization" not in heads[0].casefold(), "no password where none is asked for"


def test_cisco_is_read_as_xml_and_a_page_that_a_model_lacks_is_no_failure(
    http_phone: Callable[..., Target], families: Families
) -> None:
    facts = read_http(http_phone(pages_of(CISCO, [])), families.get("cisco"), None)
    assert (facts.product, str(facts.serial), facts.hardware) == ("CP-7841", "FCH2127D1AB", "V03")
    assert facts.firmware == "sip78xx.12-8-1-0001-455"
    assert (facts.ip, facts.vlan, facts.neighbour) == ("192.0.2.44", 110, "sw-core")
    assert (facts.duplex, facts.link_mbps, facts.mos) == ("full", 1000, None)
    assert facts.sources["serial"] == "http /DeviceInformationX#serialNumber"


def test_snom_is_read_from_its_page_by_patterns(
    http_phone: Callable[..., Target], families: Families
) -> None:
    pages = {"/info.htm": (200, SNOM)}
    facts = read_http(http_phone(pages_of(pages, [])), families.get("snom"), None)
    assert (facts.product, facts.firmware, facts.ip) == ("D785", "10.1.33.33", "192.0.2.46")
    assert facts.mac is not None
    assert facts.mac.hex == "000413922d24"


def test_yealink_is_read_over_snmp_from_its_place_under_mib_2(
    agent: Callable[..., Any], families: Families
) -> None:
    branch = "1.3.6.1.2.1.37459.2.1"
    values = {
        f"{branch}.4.0": v2c.Integer32(86_400_000),
        f"{branch}.5.0": v2c.OctetString("66.85.0.5"),
        f"{branch}.6.0": v2c.OctetString("66.0.0.128.0.0.0"),
        f"{branch}.7.0": v2c.OctetString("SIP-T46S"),
        f"{branch}.8.0": v2c.OctetString("80:5e:c0:01:02:03"),
        f"{branch}.9.0": v2c.OctetString("192.0.2.47"),
    }
    lying = agent(lambda asked: [("phone", asked.answer(values))])
    facts = read_snmp(lying.target, families.get("yealink"), Community("public"), 10.0, 0)
    assert (facts.product, facts.firmware) == ("SIP-T46S", "66.85.0.5")
    assert (facts.uptime_s, facts.ip, facts.serial) == (86_400, "192.0.2.47", None)
    assert facts.mac is not None
    assert facts.mac.hex == "805ec0010203"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<DeviceInformation>",
        b"<a/>" * 2,
        b"\xff\xfe\x00",
        b'<!DOCTYPE x [<!ENTITY a "aa">]><x><serialNumber>&a;&a;</serialNumber></x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"<x>" * 50_000,
    ],
)
def test_what_is_no_xml_of_a_phone_is_refused_and_no_entity_is_ever_made(
    body: bytes, http_phone: Callable[..., Target], families: Families
) -> None:
    pages = {"/DeviceInformationX": (200, body)}
    with pytest.raises(UnexpectedAnswerError):
        read_http(http_phone(pages_of(pages, [])), families.get("cisco"), None)


# -- TLS ------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, str]:
    """A phone's own certificate and its fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "64167f0a0b0c")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=3000))
        .not_valid_after(now - timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "phone.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return file, made.fingerprint(hashes.SHA256()).hex()


@pytest.fixture
def https_phone(certificate: tuple[Path, str]) -> Iterator[Callable[..., Target]]:
    """A phone behind TLS; `play` gets each connection after its handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[0])
    with contextlib.ExitStack() as stack:

        def start(play: Callable[[ssl.SSLSocket], None]) -> Target:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                while True:
                    try:
                        plain, _peer = listening.accept()
                    except OSError:
                        return
                    with contextlib.suppress(OSError, ssl.SSLError):
                        secured = context.wrap_socket(plain, server_side=True)
                        with secured:
                            play(secured)

            threading.Thread(target=serve, daemon=True).start()
            return Target(IPv4Address("127.0.0.1"), int(listening.getsockname()[1]))

        yield start


def heard(connection: ssl.SSLSocket) -> str:
    text = b""
    while b"\r\n\r\n" not in text and (more := connection.recv(4096)):
        text += more
    return text.decode()


def test_polycom_is_read_over_tls_by_its_pinned_certificate_with_basic(
    https_phone: Callable[..., Target], certificate: tuple[Path, str], families: Families
) -> None:
    heads: list[str] = []

    def play(connection: ssl.SSLSocket) -> None:
        head = heard(connection)
        heads.append(head)
        connection.sendall(answer(*POLYCOM.get(head.split(" ")[1], (404, b""))))

    family = families.get("polycom")
    facts = read_http(https_phone(play), family, LOGIN, fingerprint=certificate[1])
    assert (facts.product, facts.firmware, facts.vlan) == ("VVX 411", "5.9.5.0614", 42)
    assert facts.ip == "192.0.2.45"
    assert facts.lines == (LineFacts("2001", "pbx.example", "Registered"),)
    assert all("authorization: basic" in head.casefold() for head in heads)


def test_no_request_leaves_before_the_certificate_is_the_pinned_one(
    https_phone: Callable[..., Target], certificate: tuple[Path, str], families: Families
) -> None:
    heads: list[str] = []

    def play(connection: ssl.SSLSocket) -> None:
        heads.append(heard(connection))

    target, family = https_phone(play), families.get("polycom")
    with pytest.raises(CertificateUnknownError) as unknown:
        read_http(target, family, LOGIN)
    assert unknown.value.details["fingerprint"] == certificate[1]
    with pytest.raises(CertificateChangedError):
        read_http(target, family, LOGIN, fingerprint="00" * 32)
    assert [head for head in heads if head] == []


def endless(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def drip(connection: ssl.SSLSocket) -> None:
    heard(connection)
    while True:
        connection.sendall(b"H")
        threading.Event().wait(0.1)


@pytest.mark.parametrize("play", [endless, drip])
def test_the_leash_holds_behind_tls(
    play: Callable[[ssl.SSLSocket], None],
    https_phone: Callable[..., Target],
    certificate: tuple[Path, str],
    families: Families,
    leeway: float,
) -> None:
    started = datetime.now(UTC)
    with pytest.raises(ReadError):
        read_http(
            https_phone(play),
            families.get("polycom"),
            LOGIN,
            wall_clock_s=2.0,
            fingerprint=certificate[1],
        )
    assert datetime.now(UTC) - started < timedelta(seconds=2 + 2 * leeway)


def test_a_handshake_that_hangs_costs_its_timeout(families: Families, leeway: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = Target(IPv4Address("127.0.0.1"), int(silent.getsockname()[1]))
        started = datetime.now(UTC)
        with pytest.raises(ReadError):
            read_http(target, families.get("polycom"), LOGIN, timeout_s=1.0, wall_clock_s=2.0)
        assert datetime.now(UTC) - started < timedelta(seconds=2 + 2 * leeway)


# -- the file -------------------------------------------------------------------------------------


def test_a_family_that_is_only_read_renders_nothing(families: Families) -> None:
    for name in ("polycom", "cisco"):
        family = families.get(name)
        assert (family.agents, family.paths) == ((), ())
        with pytest.raises(RenderError):
            render(family, TemplateName.RELEASE, ReleaseValues())


HTTP = {"path": "/x", "fields": {"mac": ["/mac"]}}


@pytest.mark.parametrize(
    ("http", "reason"),
    [
        ({"login": "basic", **HTTP}, "basic_in_clear"),
        ({}, "no page"),
        ({"path": "/x", "fields": {"mac": ["mac"]}}, "JSON pointer"),
        ({"page": [{"path": "/x", "format": "xml", "fields": {"mac": ["a[("]}}]}, "XPath"),
        ({"page": [{"path": "/x", "format": "text", "fields": {"mac": ["/a"]}}]}, "pattern"),
        (
            {"page": [{"path": "/x", "format": "text", "fields": {"mac": [{"pattern": "x"}]}}]},
            "group value",
        ),
    ],
)
def test_a_mistake_in_a_family_s_pages_is_named(http: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        FamilyForm.model_validate({"name": "own", "vendor": "Own", "http": http})


def test_basic_in_clear_is_an_explicit_choice(flat_phone: Family) -> None:
    form = {"login": "basic", "basic_in_clear": True, **HTTP}
    made = FamilyForm.model_validate({"name": "own", "vendor": "Own", "http": form})
    family = made.built({}, Path("own.toml"))
    assert family.http is not None
    assert family.http.login is HttpLogin.BASIC
    assert replace(flat_phone, http=family.http).http == family.http


def test_a_family_without_output_and_without_a_way_of_reading_is_refused() -> None:
    with pytest.raises(ValidationError, match="neither"):
        FamilyForm.model_validate({"name": "own", "vendor": "Own"})
