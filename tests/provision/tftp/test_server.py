"""TFTP as phones meet it: real clients, raw datagrams, what is on record afterwards."""

import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from firmware.downloads.models import DownloadCount
from provision import folding
from provision.dialects import families_of
from provision.models import CheckIn, CheckInKind
from provision.newcomers import waiting
from provision.tftp import counting
from provision.tftp.server import PER_ADDRESS_MAX, TftpServer
from storage.clock import now
from tests.portal.test_traversal import CANARY, ODD_UPS, UPS, spellings
from tests.provision import estate as estates
from tests.provision.estate import MAC, UNKNOWN, Estate
from tests.provision.phone_plane import ask, served
from tests.provision.tftp.conftest import Phone, request, serving
from tests.waiting import until

NewPhone = Callable[..., Phone]
IMAGE = "fp-b2-2.4.1.img"
NOT_FOUND = struct.pack("!HH", 5, 1)


def block(datagram: bytes) -> tuple[int, int]:
    kind, number = struct.unpack("!HH", datagram[:4])
    return kind, number


def tftp_hpa(server: TftpServer, name: str, to: Path, mode: str = "binary") -> bytes:
    command = ["tftp", "-m", mode, "127.0.0.1", str(server.port), "-c", "get", name, str(to)]
    subprocess.run(command, timeout=60, check=True, capture_output=True)
    return to.read_bytes()


@pytest.mark.skipif(shutil.which("atftp") is None, reason="Debian's package atftp is missing")
@pytest.mark.parametrize("size", [400_000, 1428 * 30])
def test_atftp_takes_an_image_whatever_block_size_it_asks_for(
    estate: Estate, server: TftpServer, tmp_path: Path, size: int
) -> None:
    image = estates.publish(estate.installation, "2.4.1", size)
    for options in ((), ("blksize 1024", "tsize 0"), ("blksize 65464", "timeout 2")):
        to = tmp_path / "image"
        command = ["atftp", "--get", "--remote-file", IMAGE, "--local-file", str(to)]
        for option in options:
            command += ["--option", option]
        command += ["127.0.0.1", str(server.port)]
        subprocess.run(command, timeout=60, check=True, capture_output=True)
        assert to.read_bytes() == image
        to.unlink()


@pytest.mark.skipif(shutil.which("tftp") is None, reason="Debian's package tftp-hpa is missing")
def test_the_bootstrap_is_the_same_as_over_http_for_known_and_unknown_phones_and_as_text(
    estate: Estate, server: TftpServer, phones: Flask, tmp_path: Path
) -> None:
    with served(phones) as port:
        by_http = {mac: ask(port, f"/p/{mac}.cfg").body for mac in (MAC, UNKNOWN)}
    for mac, body in by_http.items():
        for mode in ("binary", "netascii"):
            assert tftp_hpa(server, f"{mac}.cfg", tmp_path / mac, mode) == body
        assert estate.token.encode() not in body
    yealink = tftp_hpa(server, "001565112233.cfg", tmp_path / "yealink")
    assert b"static.auto_provision.server.url" in yealink


def test_what_went_out_is_on_record_as_a_claim(
    estate: Estate, server: TftpServer, phone: NewPhone
) -> None:
    place = estate.installation
    estates.publish(place, "2.4.1", 1000)
    for name in (f"{MAC}.cfg", f"{UNKNOWN}.cfg", IMAGE):
        # Each from its own port: a block that is sent again belongs to no other file.
        asking = phone()
        heard = asking.ask(request(name))
        while len(heard) == 516:
            asking.acknowledge(block(heard)[1])
            heard = asking.hear()
        asking.acknowledge(block(heard)[1])
    # The last acknowledgements are still to be heard.
    until(lambda: not server._sessions)
    server.stop()

    def check_ins() -> list[CheckIn]:
        folding.reader_of(place).fold()
        with place.database.reading() as session:
            return list(session.scalars(select(CheckIn).order_by(CheckIn.kind.desc())))

    def counted() -> int | None:
        with place.database.reading() as session:
            return session.scalar(select(DownloadCount.downloads))

    def is_told() -> bool:
        found = check_ins()
        return len(found) == 3 and bool(found[0].complete) and counted() is not None

    until(is_told)
    rows = check_ins()
    image, *bootstraps = rows
    assert {row.mac for row in bootstraps} == {MAC, UNKNOWN}
    assert all(
        (row.method, row.path_kind, row.strength) == ("RRQ", "tftp", "claimed") for row in rows
    )
    assert (image.kind, image.version, image.mac) == (CheckInKind.FIRMWARE, "2.4.1", None)
    assert (image.complete, image.bytes_sent, image.total_bytes) == (True, 1000, 1000)
    with place.database.reading() as session:
        found = waiting.waiting(session, families_of(place), now())
        assert [one.mac for one in found] == [UNKNOWN]
    assert counted() == 1


def test_no_spelling_of_a_path_leads_out(
    estate: Estate, server: TftpServer, phone: NewPhone
) -> None:
    canary = estate.installation.data_dir / "canary"
    canary.write_text(CANARY)
    names = [
        *spellings(str(canary).lstrip("/"), (*UPS, *ODD_UPS)),
        str(canary),
        "secrets.key",
        "flatpro.sqlite",
    ]
    server._requests.per_minute = 10_000
    heard = [phone_ask(phone(), name) for name in names if len(name.encode()) < 500]
    assert {datagram[:4] for datagram in heard} == {NOT_FOUND, b"\0\5\0\4"}
    assert CANARY.encode() not in b"".join(heard)


def phone_ask(asking: Phone, name: str) -> bytes:
    with asking.socket:
        return asking.ask(request(name))


def test_no_file_is_taken_in_and_what_is_no_request_is_told_or_left(
    estate: Estate, server: TftpServer, phone: NewPhone
) -> None:
    before = sorted(estate.installation.data_dir.rglob("*"))
    assert block(phone().ask(request("new.cfg", opcode=2))) == (5, 2)
    assert block(phone().ask(request(f"{MAC}.cfg", mode="mail"))) == (5, 4)
    estates.publish(estate.installation, "2.4.1", 1000)
    assert block(phone().ask(request(IMAGE, mode="netascii"))) == (5, 1)
    illegal = (b"\0\1", b"\0\1x", b"\0\1x\0octet", b"\0\1\xff\0octet\0", b"\0\1" + b"x" * 1000)
    odd = (request("x") + b"blksize\0", request("x") + b"\0\0", request("x") + b"a\0b\0c\0")
    for datagram in (*illegal, *odd):
        assert block(phone().ask(datagram)) == (5, 4)
    silent = phone()
    for datagram in (
        b"",
        b"\0",
        b"\0\3\0\1x",
        b"\0\4\0\1",
        b"\0\5\0\1x\0",
        b"\0\6a\0",
        b"\xff" * 99,
    ):
        silent.socket.sendto(datagram, ("127.0.0.1", server.port))
    assert silent.hear(0.5) == b""
    assert block(phone().ask(request(f"{MAC}.cfg")))[0] == 3
    assert [
        path for path in sorted(estate.installation.data_dir.rglob("*")) if "new" in path.name
    ] == []
    assert len(before) > 0


def test_strangers_networks_hear_nothing(estate: Estate) -> None:
    with serving(estate.installation, networks=[IPv4Network("127.0.0.8/29")]) as server:
        heard = {}
        for address in ("127.0.0.9", "127.0.0.1"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
                own.bind((address, 0))
                own.settimeout(20.0 if address == "127.0.0.9" else 1.0)
                own.sendto(request(f"{MAC}.cfg"), ("127.0.0.1", server.port))
                try:
                    heard[address] = own.recv(2000)[:2]
                except TimeoutError:
                    heard[address] = b""
    assert heard == {"127.0.0.9": b"\0\3", "127.0.0.1": b""}


def test_figures_are_written_while_it_runs(estate: Estate, phone: NewPhone) -> None:
    assert block(phone().ask(request("nobody.cfg"))) == (5, 1)
    wanted = b'flatpro_tftp_requests_total{outcome="not-found"} 1.0'
    until(lambda: wanted in counting.exposition(estate.installation))


def test_one_address_has_its_share_and_no_more(
    estate: Estate, server: TftpServer, phone: NewPhone
) -> None:
    estates.publish(estate.installation, "2.4.1", 5000)
    phone("127.0.0.2").become_known(request(IMAGE))
    held = [phone("127.0.0.2") for _ in range(PER_ADDRESS_MAX)]
    # All at once: a transfer that nobody acknowledges is given up after some seconds.
    for one in held:
        one.socket.sendto(request(IMAGE), ("127.0.0.1", server.port))
    assert all(one.hear()[:4] == b"\0\3\0\1" for one in held)
    late = phone("127.0.0.2")
    late.socket.sendto(request(IMAGE), ("127.0.0.1", server.port))
    assert late.hear(0.5) == b""
    assert phone("127.0.0.3").ask(request(IMAGE))[:4] == b"\0\3\0\1"
    held[0].socket.sendto(b"\0\5\0\0bye\0", held[0].tid or ("", 0))

    def is_served() -> bool:
        # Asked before the end of the first was heard, it is told nothing.
        late.socket.sendto(request(IMAGE), ("127.0.0.1", server.port))
        return late.hear(0.5)[:4] == b"\0\3\0\1"

    until(is_served)
