"""What an SNMP v3 agent may do wrong on purpose costs its own timeouts and is never believed."""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address

import pytest

from provision.readers.errors import ReadError, UnexpectedAnswerError, UnreachableError
from provision.readers.snmp_ber import MalformedError, message_id
from provision.readers.snmp_credentials import AuthProtocol, UsmUser
from provision.readers.snmp_peer import Peer, SnmpV3RefusedError
from provision.readers.snmp_question import ID_BASE, discovery
from provision.readers.snmp_sweep import Pace, Sweep
from provision.readers.snmp_wire import get
from simulator.facts import PhoneFacts
from simulator.snmp_v3 import UserSecurity, V3Agent
from tests.ports import free_port
from tests.provision.snmp_lanes.conftest import OWN

USER = UsmUser("reader", AuthProtocol.SHA256, "signing-words", priv_password="sealing-words")
SERIAL = f"{OWN}.3.0"
Answer = Callable[[bytes], Sequence[tuple[str, bytes]]]


@pytest.fixture
def facts() -> PhoneFacts:
    return PhoneFacts(
        product="FP-B2",
        hardware="A",
        serial="FP2648B2K7Q2XM6",
        mac="02f1a7000001",
        firmware="2.4.1",
        uptime_s=12.5,
        last_reboot_reason="power on",
    )


@pytest.fixture
def true_agent(facts: PhoneFacts) -> V3Agent:
    security = UserSecurity("reader", "signing-words", "sealing-words")
    return V3Agent(security, lambda: facts)


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], int]]:
    """Answers datagrams by script, from its own socket or from a neighbour's; its port."""
    stopping = threading.Event()
    with contextlib.ExitStack() as stack:

        def start(answer: Answer) -> int:
            phone = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            phone.bind(("127.0.0.1", free_port()))
            phone.settimeout(0.05)
            neighbour = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            neighbour.bind(("127.0.0.2", phone.getsockname()[1]))
            sources = {"phone": phone, "neighbour": neighbour}

            def loop() -> None:
                while not stopping.is_set():
                    with contextlib.suppress(TimeoutError):
                        datagram, asker = phone.recvfrom(65535)
                        for source, reply in answer(datagram):
                            sources[source].sendto(reply, asker)

            thread = threading.Thread(target=loop)
            thread.start()
            stack.callback(thread.join)
            stack.callback(stopping.set)
            return int(phone.getsockname()[1])

        yield start


def read(port: int, timeout_s: float = 3.0) -> object:
    peer = Peer(IPv4Address("127.0.0.1"), port, USER, timeout_s, 0)
    return get(peer, [SERIAL], 10)[SERIAL]


def test_a_simulated_phone_is_read(
    true_agent: V3Agent, facts: PhoneFacts, serve: Callable[[Answer], int]
) -> None:
    port = serve(lambda datagram: [("phone", true_agent.answer(datagram) or b"")])
    assert read(port) == facts.serial.encode()


def test_message_ids_cannot_be_guessed(true_agent: V3Agent, serve: Callable[[Answer], int]) -> None:
    ids: list[int] = []

    def counting(datagram: bytes) -> list[tuple[str, bytes]]:
        ids.append(message_id(datagram) or 0)
        return [("phone", true_agent.answer(datagram) or b"")]

    port = serve(counting)
    for _ in range(3):
        read(port)
    assert len({after - before for before, after in itertools.pairwise(ids)}) == len(ids) - 1
    assert max(ids) > 2**24, "pysnmp's own ids are smaller"


def test_a_clock_that_is_never_right_is_told_within_its_tries(
    true_agent: V3Agent, serve: Callable[[Answer], int], leeway: float
) -> None:
    def restarting(datagram: bytes) -> list[tuple[str, bytes]]:
        true_agent._boots += 1
        return [("phone", true_agent.answer(datagram) or b"")]

    began = time.monotonic()
    with pytest.raises(SnmpV3RefusedError, match="its clock differs"):
        read(serve(restarting))
    assert time.monotonic() - began < 10 * leeway


def test_an_engine_that_denies_its_own_id_is_told(
    true_agent: V3Agent, serve: Callable[[Answer], int]
) -> None:
    def another(datagram: bytes) -> list[tuple[str, bytes]]:
        true_agent._engine_id = true_agent._engine_id[:-1] + bytes([datagram[-1] ^ 0x55])
        return [("phone", true_agent.answer(datagram) or b"")]

    with pytest.raises(ReadError) as told:
        read(serve(another), timeout_s=0.5)
    assert isinstance(told.value, SnmpV3RefusedError | UnexpectedAnswerError | UnreachableError)


LIES: dict[str, Callable[[bytes], list[tuple[str, bytes]]]] = {
    "from another address": lambda good: [("neighbour", good)],
    "cut short": lambda good: [("phone", good[:-9])],
    "with something behind it": lambda good: [("phone", good + b"\x05\x00")],
    "nested without end": lambda _good: [("phone", b"\x30\x80" * 2000)],
    "nothing": lambda _good: [("phone", b"")],
}


@pytest.mark.parametrize("lie", LIES)
def test_a_right_answer_is_not_believed(
    true_agent: V3Agent,
    serve: Callable[[Answer], int],
    lie: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = serve(lambda datagram: LIES[lie](true_agent.answer(datagram) or b""))
    with pytest.raises((UnexpectedAnswerError, UnreachableError)):
        read(port, timeout_s=0.3)
    assert not caplog.records


def test_a_spoiled_signature_is_refused(
    true_agent: V3Agent, serve: Callable[[Answer], int]
) -> None:
    def spoiled(datagram: bytes) -> list[tuple[str, bytes]]:
        good = true_agent.answer(datagram) or b""
        return [("phone", good[:-1] + bytes([good[-1] ^ 1]))]

    with pytest.raises(ReadError):
        read(serve(spoiled), timeout_s=0.3)


def test_a_stranger_learns_an_engines_id_and_shows_no_user(
    true_agent: V3Agent, serve: Callable[[Answer], int]
) -> None:
    heard: list[bytes] = []

    def listening(datagram: bytes) -> list[tuple[str, bytes]]:
        heard.append(datagram)
        return [("phone", true_agent.answer(datagram) or b"")]

    sweep = Sweep(discovery(), ["127.0.0.1"], serve(listening), Pace(1000, 1.0, 0))
    ((address, answer),) = sweep.run()
    assert address == "127.0.0.1"
    assert answer.values[0][1] == true_agent._engine_id
    assert b"reader" not in heard[0]


def test_what_is_no_report_is_no_engine(true_agent: V3Agent) -> None:
    question = discovery()
    good = true_agent.answer(question.datagram(ID_BASE | 7))
    assert good is not None
    assert question.reader.read(good).request_id == ID_BASE | 7
    for at in range(len(good)):
        with contextlib.suppress(MalformedError):
            question.reader.read(good[:at])
            pytest.fail(f"a Report cut off at {at} was believed")
