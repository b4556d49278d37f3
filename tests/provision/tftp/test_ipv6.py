"""TFTP over IPv6, with real clients and raw datagrams, and beside it over IPv4 as before."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_network
from pathlib import Path

import pytest

from provision.tftp import probe
from provision.tftp.options import TftpOptions
from provision.tftp.server import TftpServer
from tests.provision import estate as estates
from tests.provision.estate import MAC, Estate
from tests.provision.tftp.conftest import request, serving

EVERYWHERE = IPv6Address("::")
IMAGE = "fp-b2-2.4.1.img"
ADDRESSES = ["::1", "127.0.0.1"]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.fixture
def server(estate: Estate) -> Iterator[TftpServer]:
    with serving(estate.installation, EVERYWHERE) as running:
        yield running


def heard_from(address: str, port: int, datagram: bytes, timeout_s: float = 20.0) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as own:
        own.settimeout(timeout_s)
        own.sendto(datagram, (address, port))
        try:
            answer, sender = own.recvfrom(2000)
        except TimeoutError:
            return b""
    assert sender[0] == address
    return answer


@pytest.mark.skipif(shutil.which("atftp") is None, reason="Debian's package atftp is missing")
@pytest.mark.parametrize("address", ADDRESSES)
def test_atftp_takes_an_image_over_either_kind_of_address(
    estate: Estate, server: TftpServer, tmp_path: Path, address: str
) -> None:
    image = estates.publish(estate.installation, "2.4.1")
    to = tmp_path / "image"
    command = ["atftp", "--get", "--remote-file", IMAGE, "--local-file", str(to)]
    command += ["--option", "blksize 1428", address, str(server.port)]
    subprocess.run(command, timeout=60, check=True, capture_output=True)
    assert to.read_bytes() == image


@pytest.mark.skipif(shutil.which("tftp") is None, reason="Debian's package tftp-hpa is missing")
@pytest.mark.parametrize("address", ADDRESSES)
def test_tftp_hpa_takes_a_bootstrap_over_either_kind_of_address(
    server: TftpServer, tmp_path: Path, address: str
) -> None:
    to = tmp_path / "bootstrap"
    command = ["tftp", "-m", "binary", address, str(server.port)]
    command += ["-c", "get", f"{MAC}.cfg", str(to)]
    subprocess.run(command, timeout=60, check=True, capture_output=True)
    assert f"/p/auth/{MAC}.cfg" in to.read_text()


def test_who_listens_on_one_address_of_ipv6_hears_no_ipv4(estate: Estate) -> None:
    asked = request("nobody.cfg")
    with serving(estate.installation, IPv6Address("::1")) as server:
        assert heard_from("::1", server.port, asked)[:4] == b"\0\5\0\1"
        with pytest.raises(ConnectionRefusedError):
            heard_from_connected("127.0.0.1", server.port, asked)


def heard_from_connected(address: str, port: int, datagram: bytes) -> bytes:
    """A connected socket is told by the kernel that nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(20.0)
        own.connect((address, port))
        own.send(datagram)
        return own.recv(2000)


def test_networks_hold_for_both_kinds_of_address(estate: Estate) -> None:
    asked = request(f"{MAC}.cfg")
    networks = [ip_network("fd00::/8"), ip_network("127.0.0.0/8")]
    with serving(estate.installation, EVERYWHERE, networks=networks) as server:
        assert heard_from("127.0.0.1", server.port, asked)[:2] == b"\0\3"
        assert heard_from("::1", server.port, asked, timeout_s=1.0) == b""


@pytest.mark.parametrize(
    ("address", "answered"),
    [
        ("fd12:3456::7", True),
        ("fe80::1", True),
        ("::1", True),
        ("2001:db8::1", False),
        ("2a02:6b8::feed", False),
        ("::ffff:10.0.0.5", False),
        ("10.0.0.5", True),
        ("8.8.8.8", False),
    ],
)
def test_unless_told_otherwise_private_networks_are_answered_alone(
    address: str, *, answered: bool
) -> None:
    assert TftpOptions(EVERYWHERE).answers(address) is answered


def test_doctor_hears_a_server_of_ipv6(server: TftpServer) -> None:
    assert probe.answers(TftpOptions(EVERYWHERE, server.port), 20.0)
