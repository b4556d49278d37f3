"""The room's parts: the family file, a real snmpd, a lying agent, a raw HTTP phone."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto.api import v2c

from provision.devices.identity import MacAddress
from provision.families.family import Families, Family
from provision.families.loading import load_families
from provision.readers.networks import Target
from tests.ports import free_port
from tests.waiting import hears_udp, until

LOOPBACK = IPv4Address("127.0.0.1")


@pytest.fixture(scope="session")
def families() -> Families:
    return load_families()


@pytest.fixture(scope="session")
def flat_phone(families: Families) -> Family:
    return families.get("flat_phone")


@pytest.fixture
def mac() -> MacAddress:
    return MacAddress("02f1a7000001")


SNMPD_CONFIGURATION = """
agentAddress udp:127.0.0.1:{port}
rocommunity public 127.0.0.1
sysDescr Flat Phone on a Debian agent
override 1.3.6.1.4.1.32473.1.1.0 octet_str "FP-B2"
override 1.3.6.1.4.1.32473.1.3.0 octet_str "FP2648B2K7Q2XM6"
override 1.3.6.1.4.1.32473.1.5.0 octet_str "2.4.1"
override 1.3.6.1.4.1.32473.1.6.0 uinteger 4711
override 1.3.6.1.2.1.47.1.1.1.1.8.1 octet_str "B"
override 1.3.6.1.2.1.2.2.1.6.1 octet_str "02:f1:a7:00:00:01"
override 1.3.6.1.4.1.32473.1.8.1.2.1 octet_str "101"
override 1.3.6.1.4.1.32473.1.8.1.3.1 octet_str "sip.example"
override 1.3.6.1.4.1.32473.1.8.1.4.1 octet_str "registered"
"""


@pytest.fixture(scope="session")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Debian's agent on a high loopback port, with files of its own; its community is public."""
    program = shutil.which("snmpd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("Debian's package snmpd is not installed")
    folder = tmp_path_factory.mktemp("snmpd")
    port = free_port()
    (folder / "snmpd.conf").write_text(SNMPD_CONFIGURATION.format(port=port))
    command = [program, "-f", "-r", "-Lf", folder / "log", "-C", "-c", folder / "snmpd.conf"]
    environment = {"PATH": os.environ["PATH"], "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_bound(port, process, folder / "log")
            yield Target(LOOPBACK, port)
        finally:
            process.terminate()


def wait_until_bound(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until a program that we started has its UDP port."""

    def is_bound() -> bool:
        assert process.poll() is None, log.read_text() if log.exists() else "no log"
        return hears_udp(port)

    until(is_bound, within_s=40, each_s=0.02)


@dataclass(frozen=True)
class SnmpQuestion:
    """A request as the lying agent got it, and the ways to answer it."""

    request_id: int
    community: bytes
    oids: tuple[str, ...]

    def answer(
        self,
        values: dict[str, Any],
        *,
        request_id: int | None = None,
        community: bytes | None = None,
        oids: tuple[str, ...] | None = None,
        status: int = 0,
        index: int = 0,
        pdu: Any = None,
    ) -> bytes:
        """A response with `values` by OID (noSuchObject for the rest), true unless told else."""
        response = pdu if pdu is not None else v2c.ResponsePDU()
        v2c.apiPDU.set_defaults(response)
        v2c.apiPDU.set_request_id(response, self.request_id if request_id is None else request_id)
        v2c.apiPDU.set_error_status(response, status)
        response.setComponentByPosition(2, index)
        shown = self.oids if oids is None else oids
        v2c.apiPDU.set_varbinds(
            response, [(oid, values.get(oid, v2c.NoSuchObject(""))) for oid in shown]
        )
        message = v2c.Message()
        v2c.apiMessage.set_defaults(message)
        v2c.apiMessage.set_community(message, community or self.community)
        message.setComponentByPosition(2).getComponentByPosition(2).setComponentByType(
            response.getTagSet(), response, verifyConstraints=False, matchTags=False, innerFlag=True
        )
        return bytes(encoder.encode(message))


# What to send back, each with the name of the socket to send it from.
Script = Callable[[SnmpQuestion], list[tuple[str, bytes]]]


@dataclass
class LyingAgent:
    target: Target
    questions: list[SnmpQuestion]


@pytest.fixture
def agent() -> Iterator[Callable[[Script], LyingAgent]]:
    """A phone's SNMP port that answers by script, from its own socket or from others."""
    with contextlib.ExitStack() as stack:
        yield lambda script: _start_agent(script, stack)


def _start_agent(script: Script, stack: contextlib.ExitStack) -> LyingAgent:
    port = free_port()
    phone = _udp_socket("127.0.0.1", port, stack)
    sources = {
        "phone": phone,
        "other port": _udp_socket("127.0.0.1", 0, stack),
        "neighbour": _udp_socket("127.0.0.2", port, stack),
    }
    lying = LyingAgent(Target(LOOPBACK, port), [])

    def serve() -> None:
        while datagram := phone.recvfrom(65535):
            if not datagram[0]:
                return
            try:
                question = _question(datagram[0])
            except PyAsn1Error:
                continue  # not for us: somebody else's late answer
            lying.questions.append(question)
            for source, reply in script(question):
                sources[source].sendto(reply, datagram[1])

    thread = threading.Thread(target=serve)
    thread.start()

    def stop() -> None:
        sources["neighbour"].sendto(b"", ("127.0.0.1", port))
        thread.join()

    stack.callback(stop)
    return lying


def _udp_socket(address: str, port: int, stack: contextlib.ExitStack) -> socket.socket:
    bound = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    bound.bind((address, port))
    return bound


def _question(datagram: bytes) -> SnmpQuestion:
    message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    return SnmpQuestion(
        request_id=int(pdu["request-id"]),
        community=bytes(message["community"]),
        oids=tuple(str(oid) for oid, _ in v2c.apiPDU.get_varbinds(pdu)),
    )


# Gets the head of a request (without the empty line) and the connection to answer on.
HttpScript = Callable[[str, socket.socket], None]


@pytest.fixture
def http_phone() -> Iterator[Callable[[HttpScript], Target]]:
    """A phone's HTTP port that answers by script, byte by byte if it likes; one thread each."""
    stopping = threading.Event()
    threads: list[threading.Thread] = []
    with contextlib.ExitStack() as stack:

        def start(script: HttpScript) -> Target:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(0.05)
            thread = threading.Thread(target=_serve_http, args=(listener, script, stopping))
            threads.append(thread)
            thread.start()
            return Target(LOOPBACK, listener.getsockname()[1])

        yield start
        stopping.set()
        for thread in threads:
            thread.join()


def _serve_http(listener: socket.socket, script: HttpScript, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            while head := _read_head(connection):
                script(head, connection)


def _read_head(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(4096)
        if not part:
            return ""
        received += part
    return received.split(b"\r\n\r\n")[0].decode("latin-1")
