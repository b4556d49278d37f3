"""SNMPv3 authPriv (SHA-256, AES-128), read by Net-SNMP and by pysnmp's own engine."""

import asyncio
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pyasn1.type.univ import Integer
from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC192_SHA256,
    USM_PRIV_CFB128_AES,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    get_cmd,
)

from simulator import snmp_v3
from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.snmp_codec import NoSnmpError, decoded
from simulator.snmp_face import SnmpFace
from simulator.snmp_v3 import UserSecurity

if TYPE_CHECKING:
    from conftest import Desk

SERIAL = "1.3.6.1.2.1.47.1.1.1.1.11.1"
SECURITY = UserSecurity("reader", "auth-password", "priv-password")
RIGHT = {"-u": "reader", "-l": "authPriv", "-A": "auth-password", "-X": "priv-password"}


@pytest.fixture
def face(desk: "Desk") -> Iterator[Faces]:
    with serve_faces(desk, FaceOptions(http_port=None, snmp_v3=SECURITY)) as faces:
        yield faces


def net_snmp(tool: str, face: Faces, oid: str, timeout_s: str = "20", **changes: str) -> str:
    program = shutil.which(tool)
    if program is None:
        pytest.skip(f"{tool} is not installed")
    options = {**RIGHT, **{f"-{name}": value for name, value in changes.items()}}
    who = [word for pair in options.items() for word in pair]
    common = ["-v3", "-a", "SHA-256", "-x", "AES", "-On", "-t", timeout_s, "-r", "0", "-m", ""]
    target = f"127.0.0.1:{face.snmp_port}"
    run = subprocess.run([program, *common, *who, target, oid], check=False, capture_output=True)
    return run.stdout.decode() + run.stderr.decode()


def test_net_snmp_reads_and_walks(face: Faces) -> None:
    assert '"FP2648B2K7Q2XM6"' in net_snmp("snmpget", face, SERIAL)
    walked = net_snmp("snmpbulkwalk", face, "1.3.6.1").strip().split("\n")
    assert len(walked) == 34
    assert "No more variables left" in walked[-1]


def test_pysnmp_reads(face: Faces) -> None:
    async def ask() -> list[object]:
        engine = SnmpEngine()
        user = UsmUserData(
            "reader",
            "auth-password",
            "priv-password",
            authProtocol=USM_AUTH_HMAC192_SHA256,
            privProtocol=USM_PRIV_CFB128_AES,
        )
        target = await UdpTransportTarget.create(("127.0.0.1", face.snmp_port), 20, 0)
        question = ObjectType(ObjectIdentity(SERIAL))
        try:
            return list(await get_cmd(engine, user, target, ContextData(), question))
        finally:
            engine.close_dispatcher()

    error, status, _, bindings = asyncio.run(ask())
    assert (error, int(status)) == (None, 0)
    assert bytes(bindings[0][1]) == b"FP2648B2K7Q2XM6"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"u": "stranger"}, "Unknown user name"),
        ({"A": "another-password"}, "Authentication failure"),
        ({"l": "authNoPriv"}, "Unsupported security level"),
        ({"l": "noAuthNoPriv"}, "Unsupported security level"),
    ],
)
def test_a_manager_is_told_what_is_wrong(face: Faces, change: dict[str, str], told: str) -> None:
    assert told in net_snmp("snmpget", face, SERIAL, **change)


def test_a_manager_with_an_old_clock_is_set_right_and_then_answered(face: Faces) -> None:
    assert '"FP2648B2K7Q2XM6"' in net_snmp("snmpget", face, SERIAL, Z="1,1")
    agent = face._snmp._v3
    assert agent is not None
    assert agent._reports[snmp_v3._NOT_IN_WINDOW] == 1


def test_a_wrong_privacy_password_reads_nothing(face: Faces) -> None:
    assert "FP2648B2K7Q2XM6" not in net_snmp("snmpget", face, SERIAL, "1", X="another-password")


def test_bytes_behind_a_message_make_it_none() -> None:
    assert decoded(b"\x02\x01\x05", Integer()) == 5
    assert decoded(b"\x02\x01\x05pad", Integer(), padded=True) == 5
    with pytest.raises(NoSnmpError):
        decoded(b"\x02\x01\x05pad", Integer())


def test_noise_in_v3_is_met_with_silence(face: Faces, desk: "Desk") -> None:
    alone = SnmpFace(desk.facts, v3=SECURITY)
    discovery = bytes.fromhex(
        "303e020103301102042b7b1e0f020300ffe30401040201030410300e0400020100020100040004000400"
        "3014040004 00a00e02047a3f0d010201000201003000".replace(" ", "")
    )
    assert alone.answer(discovery) is not None
    chance = random.Random(5)
    for _ in range(500):
        spoiled = bytearray(discovery)
        for _ in range(chance.randint(1, 4)):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        alone.answer(bytes(spoiled))
    assert SnmpFace(desk.facts).answer(discovery) is None
    assert alone.answer(discovery.replace(b"\x04\x01\x04", b"\x04\x01\x00", 1)) is None
    assert alone.answer(discovery.replace(b"\x02\x01\x03\x04", b"\x02\x01\x04\x04", 1)) is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.sendto(discovery[:-1], ("127.0.0.1", face.snmp_port))
    assert '"FP2648B2K7Q2XM6"' in net_snmp("snmpget", face, SERIAL)
