"""The SNMP port, read by the programs that operators use: pysnmp and Net-SNMP."""

import asyncio
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pysnmp.hlapi.v1arch.asyncio import (
    CommunityData,
    ObjectIdentity,
    ObjectType,
    SnmpDispatcher,
    UdpTransportTarget,
    bulk_cmd,
    get_cmd,
    next_cmd,
    set_cmd,
)
from pysnmp.proto.rfc1902 import OctetString

from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.facts import PhoneLine
from simulator.snmp_face import SnmpFace

if TYPE_CHECKING:
    from conftest import Desk

PHONE = "1.3.6.1.4.1.32473.1"
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
COMMANDS = {"get": get_cmd, "next": next_cmd}


@pytest.fixture
def face(desk: "Desk") -> Iterator[Faces]:
    with serve_faces(desk, FaceOptions(address="127.0.77.1")) as faces:
        yield faces


def asked(
    port: int | None, command: str, *oids: str, community: str = "public", timeout_s: float = 20
) -> list[object]:
    """Error indication, error status, error index and var-binds, from pysnmp's client."""

    async def ask() -> list[object]:
        dispatcher = SnmpDispatcher()
        target = await UdpTransportTarget.create(("127.0.77.1", port), timeout=timeout_s, retries=0)
        bindings = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        who = CommunityData(community, mpModel=1)
        try:
            if command == "bulk":
                return list(await bulk_cmd(dispatcher, who, target, 0, 50, *bindings))
            if command == "set":
                change = ObjectType(ObjectIdentity(oids[0]), OctetString("x"))
                return list(await set_cmd(dispatcher, who, target, change))
            return list(await COMMANDS[command](dispatcher, who, target, *bindings))
        finally:
            dispatcher.close()

    return asyncio.run(ask())


def values(answer: list[object]) -> list[bytes]:
    error, status, _, bindings = answer
    assert error is None, error
    assert int(status) == 0
    return [bytes(value) for _, value in bindings]


def net_snmp(tool: str, *arguments: str) -> str:
    program = shutil.which(tool)
    if program is None:
        pytest.skip(f"{tool} is not installed")
    common = ["-On", "-t", "20", "-r", "0", "-m", ""]
    run = subprocess.run([program, *common, *arguments], check=False, capture_output=True)
    told = run.stdout.decode() + run.stderr.decode()
    # Net-SNMP says so once on a machine where it never ran before.
    return "".join(
        line for line in told.splitlines(keepends=True) if "Created directory" not in line
    )


def test_pysnmp_reads_who_the_phone_is(face: Faces) -> None:
    oids = [f"{ENTITY}.11.1", f"{ENTITY}.10.1", f"{ENTITY}.13.1", f"{ENTITY}.8.1"]
    answer = asked(face.snmp_port, "get", *oids, "1.3.6.1.2.1.2.2.1.6.1")
    mac = bytes.fromhex("02f1a7000001")
    assert values(answer) == [b"FP2648B2K7Q2XM6", b"2.4.1", b"FP-B2", b"A", mac]


def test_the_vendors_own_objects_say_the_same(face: Faces) -> None:
    answer = asked(face.snmp_port, "get", *[f"{PHONE}.{n}.0" for n in (1, 2, 3, 4, 5, 7)])
    mac = bytes.fromhex("02f1a7000001")
    assert values(answer) == [b"FP-B2", b"A", b"FP2648B2K7Q2XM6", mac, b"2.4.1", b"power on"]


def test_a_phone_that_upgrades_says_so_at_the_next_question(face: Faces, desk: "Desk") -> None:
    assert values(asked(face.snmp_port, "get", f"{PHONE}.5.0")) == [b"2.4.1"]
    desk.shown = replace(desk.shown, firmware="2.5.0")
    assert values(asked(face.snmp_port, "get", f"{PHONE}.5.0")) == [b"2.5.0"]


def test_what_is_absent_is_said_to_be_absent(face: Faces) -> None:
    answer = asked(face.snmp_port, "get", f"{PHONE}.1.1", "1.3.6.1.2.1.99.1.0")
    names = [type(value).__name__ for _, value in answer[3]]
    assert names == ["NoSuchInstance", "NoSuchObject"]


def test_get_next_meets_the_end_of_the_view(face: Faces) -> None:
    answer = asked(face.snmp_port, "next", "1.3.6.1.2.1.1.1", f"{PHONE}.9")
    assert [str(name) for name, _ in answer[3]] == ["1.3.6.1.2.1.1.1.0", f"{PHONE}.9"]
    assert type(answer[3][1][1]).__name__ == "EndOfMibView"


def test_get_bulk_gives_many_rows_and_stops_at_the_end(face: Faces) -> None:
    _, status, _, bindings = asked(face.snmp_port, "bulk", f"{PHONE}.8", f"{PHONE}.8.1.4")
    assert int(status) == 0
    assert [str(value) for _, value in bindings[:6]] == [
        "1", "registered", "2", "unregistered", "101", "",
    ]  # fmt: skip
    assert len(bindings) < 40


def test_a_bulk_answer_fits_one_frame(face: Faces, desk: "Desk") -> None:
    lines = tuple(PhoneLine(str(n), "pbx.example.org" * 4) for n in range(100))
    desk.shown = replace(desk.shown, lines=lines)
    _, status, _, bindings = asked(face.snmp_port, "bulk", f"{PHONE}.8.1.3")
    assert int(status) == 0
    assert 5 < len(bindings) < 30


def test_an_answer_that_does_not_fit_is_too_big(face: Faces, desk: "Desk") -> None:
    desk.shown = replace(desk.shown, last_reboot_reason="x" * 2000)
    _, status, index, bindings = asked(face.snmp_port, "get", f"{PHONE}.7.0")
    assert (int(status), int(index), list(bindings)) == (1, 0, [])


def test_nothing_can_be_set(face: Faces) -> None:
    _, status, index, _ = asked(face.snmp_port, "set", "1.3.6.1.2.1.1.5.0")
    assert (int(status), int(index)) == (17, 1)


def test_a_wrong_community_hears_nothing(face: Faces) -> None:
    error = asked(face.snmp_port, "get", f"{PHONE}.1.0", community="private", timeout_s=0.5)[0]
    assert "No SNMP response" in str(error)


def test_snmpget_reads_the_serial_number(face: Faces) -> None:
    target = f"127.0.77.1:{face.snmp_port}"
    told = net_snmp("snmpget", "-v2c", "-c", "public", target, f"{ENTITY}.11.1")
    assert f'.{ENTITY}.11.1 = STRING: "FP2648B2K7Q2XM6"\n' in told


@pytest.mark.parametrize("tool", ["snmpwalk", "snmpbulkwalk"])
def test_a_walk_meets_everything_once_in_order_and_ends(face: Faces, tool: str) -> None:
    target = f"127.0.77.1:{face.snmp_port}"
    told = net_snmp(tool, "-v2c", "-c", "public", target, "1.3.6.1")
    *lines, end = told.strip().split("\n")
    assert "No more variables left" in end
    names = [line.split(" = ")[0] for line in lines]
    oids = [tuple(int(part) for part in name[1:].split(".")) for name in names]
    assert oids == sorted(set(oids))
    assert len(oids) == 33
    assert f'.{PHONE}.8.1.4.2 = STRING: "unregistered"' in lines
    assert f".{ENTITY}.5.1 = INTEGER: 3" in lines


def test_uptime_is_in_hundredths_of_a_second(face: Faces) -> None:
    target = f"127.0.77.1:{face.snmp_port}"
    told = net_snmp("snmpget", "-v2c", "-c", "public", target, "1.3.6.1.2.1.1.3.0", f"{PHONE}.6.0")
    assert told.count("Timeticks: (1250)") == 2


def test_noise_is_met_with_silence_and_does_no_harm(desk: "Desk", face: Faces) -> None:
    alone = SnmpFace(desk.facts)
    chance = random.Random(7)
    good = bytes.fromhex(
        "302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500"
    )
    assert alone.answer(good) is not None
    for _ in range(500):
        spoiled = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        alone.answer(bytes(spoiled[: chance.randint(0, len(spoiled))]))
    assert alone.answer(good + b"\x00") is None
    assert alone.answer(good.replace(b"\x02\x01\x01", b"\x02\x01\x00", 1)) is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.sendto(b"\x30\x80nonsense", ("127.0.77.1", face.snmp_port))
    assert values(asked(face.snmp_port, "get", f"{PHONE}.1.0")) == [b"FP-B2"]


def test_a_port_that_is_taken_is_an_error_for_who_serves_one_phone(
    face: Faces, desk: "Desk"
) -> None:
    options = FaceOptions(address="127.0.77.1", snmp_port=face.snmp_port)
    with pytest.raises(OSError, match="SNMP port is taken"), serve_faces(desk, options):
        pass


def test_a_response_is_no_request(desk: "Desk") -> None:
    good = bytes.fromhex(
        "302602010104067075626c6963a219020101020100020100300e300c06082b060102010101000500"
    )
    assert SnmpFace(desk.facts).answer(good) is None
