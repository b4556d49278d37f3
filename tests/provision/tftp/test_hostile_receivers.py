"""H9: receivers that ask for odd sizes, never answer, lie about who they are, or flood."""

import resource
import socket
import struct
import time
from collections.abc import Callable

from provision.tftp.acquaintance import BLOCKS_TO_STRANGERS_PER_MINUTE
from provision.tftp.server import PER_ADDRESS_MAX, REQUESTS_PER_MINUTE, TftpServer
from tests.provision import estate as estates
from tests.provision.estate import Estate
from tests.provision.tftp.conftest import Phone, request

NewPhone = Callable[..., Phone]
IMAGE = "fp-b2-2.4.1.img"
FLOOD = 10_000
AMPLIFICATION_MAX = 6.0
#: Of one minute, from one address.
PLAIN = 250
FIRST_BLOCK_BYTES = 516


def test_proof_h9_sizes_silence_liars_and_floods_are_bounded(
    estate: Estate, server: TftpServer, phone: NewPhone, leeway: float
) -> None:
    image = estates.publish(estate.installation, "2.4.1")
    _sizes_are_clamped(phone, image)
    again = _who_falls_silent_is_asked_five_times(phone("127.0.0.20"))
    _a_liar_beside_the_receiver_is_not_heard(phone("127.0.0.21"), phone("127.0.0.22"))
    amplification = _a_flood_hits_nobody(server, phone, leeway)
    plain = _plain_requests_in_anothers_name_draw_little(phone)
    print(  # noqa: T201 - the figure of the proof
        f"H9: {FLOOD} requests in another's name, amplification {amplification:.2f}; "
        f"{PLAIN} without options {plain:.2f}; "
        f"a silent receiver is sent its block {again} times more"
    )


def _sizes_are_clamped(phone: NewPhone, image: bytes) -> None:
    cases = {"8": 8, "1428": 1428, "65464": 1428, "7": 512, "65465": 512, "-1": 512, "abc": 512}
    for number, (asked, expected) in enumerate(cases.items()):
        one = phone(f"127.0.1.{number + 1}")
        heard = one.ask(request(IMAGE, blksize=asked, windowsize="65535"))
        if expected != 512 or asked == "512":
            assert heard == b"\0\6blksize\0" + str(expected).encode() + b"\0"
            one.acknowledge(0)
            heard = one.hear()
        assert heard == b"\0\3\0\1" + image[:expected]
        assert one.hear(0.05) == b"", "one block waits for its acknowledgement, whatever the window"


def _who_falls_silent_is_asked_five_times(one: Phone) -> int:
    """The receiver asks for a second's patience, takes the options, and is heard no more."""
    one.ask(request(IMAGE, timeout="1", blksize="1428"))
    one.acknowledge(0)
    first = one.hear()
    heard = []
    while (datagram := one.hear(2.5)) != b"":
        heard.append(datagram)
    assert heard == [first] * 5
    return len(heard)


def _a_liar_beside_the_receiver_is_not_heard(one: Phone, liar: Phone) -> None:
    first = one.ask(request(IMAGE))
    assert one.tid is not None
    liar.socket.sendto(struct.pack("!HH", 4, 1), one.tid)
    liar.socket.sendto(b"\0\5\0\0stop\0", one.tid)
    assert one.hear(0.2) == b""
    one.acknowledge(1)
    assert one.hear()[:4] == b"\0\3\0\2"
    assert first[:4] == b"\0\3\0\1"


def _a_flood_hits_nobody(server: TftpServer, phone: NewPhone, leeway: float) -> float:
    """Thousands of requests in one victim's name, from as many of its ports as it may have."""
    victims = [phone("127.0.0.66") for _ in range(50)]
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sent = 0
    for number in range(FLOOD):
        asked = request(IMAGE, tsize="0") if number % 2 else request(f"{IMAGE}{number % 7}")
        victims[number % 50].socket.sendto(asked, ("127.0.0.1", server.port))
        sent += len(asked)
        if number % 50 == 0:
            time.sleep(0.002)
        assert len(server._sessions) <= PER_ADDRESS_MAX + 30
    heard = sum(len(answer) for victim in victims for answer in _all(victim.socket))
    assert 0 < heard <= AMPLIFICATION_MAX * sent
    begun = time.monotonic()
    assert phone("127.0.0.67").ask(request(IMAGE))[:4] == b"\0\3\0\1"
    assert time.monotonic() - begun < 1.0 * leeway, "another phone is served meanwhile"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown < 64 * 1024, f"{grown} KiB"
    return heard / sent


def _plain_requests_in_anothers_name_draw_little(phone: NewPhone) -> float:
    """Each draws its first block, until the address has had what a silent one is owed."""
    victims = [phone("127.0.0.68") for _ in range(50)]
    sent = 0
    for number in range(PLAIN):
        one = victims[number % 50]
        sent += one.socket.sendto(request(IMAGE), ("127.0.0.1", one.port))
        time.sleep(0.001)
    heard = [len(answer) for victim in victims for answer in _all(victim.socket)]
    assert heard == [FIRST_BLOCK_BYTES] * BLOCKS_TO_STRANGERS_PER_MINUTE
    return sum(heard) / sent


def _all(own: socket.socket) -> list[bytes]:
    own.settimeout(0.05)
    heard: list[bytes] = []
    while True:
        try:
            heard.append(own.recv(70_000))
        except TimeoutError:
            return heard


def test_who_asks_too_often_hears_nothing_and_others_are_served(phone: NewPhone) -> None:
    asking, other = phone("127.0.0.40"), phone("127.0.0.41")
    for number in range(REQUESTS_PER_MINUTE):
        assert asking.ask(request(f"{number}"))[:4] == b"\0\5\0\1"
    asking.socket.sendto(request("more"), ("127.0.0.1", asking.port))
    assert asking.hear(0.5) == b""
    assert other.ask(request("more"))[:4] == b"\0\5\0\1"


def test_one_request_is_answered_by_one_datagram_until_its_sender_is_known(
    estate: Estate, phone: NewPhone
) -> None:
    """With options the answer is no longer than the request; a plain one gets its first block."""
    estates.publish(estate.installation, "2.4.1")
    one, other = phone("127.0.0.30"), phone("127.0.0.31")
    asked = request(IMAGE, blksize="65464", tsize="0")
    assert len(one.ask(asked)) <= len(asked)
    assert len(other.ask(request(IMAGE))) == 516
    assert (one.hear(3.0), other.hear(0.1)) == (b"", b"")


def test_who_acknowledged_something_is_owed_no_less_than_before(
    estate: Estate, phone: NewPhone
) -> None:
    estates.publish(estate.installation, "2.4.1")
    phone("127.0.0.32").become_known(request(IMAGE))
    for _ in range(2 * BLOCKS_TO_STRANGERS_PER_MINUTE):
        assert len(phone("127.0.0.32").ask(request(IMAGE))) == FIRST_BLOCK_BYTES
    # An address beside it gains nothing by that.
    told = [phone("127.0.0.33") for _ in range(BLOCKS_TO_STRANGERS_PER_MINUTE)]
    assert {len(one.ask(request(IMAGE))) for one in told} == {FIRST_BLOCK_BYTES}
    late = phone("127.0.0.33")
    late.socket.sendto(request(IMAGE), ("127.0.0.1", late.port))
    assert late.hear(0.5) == b""
    # What is no longer than its request is answered still.
    assert late.ask(request(IMAGE, tsize="0"))[:2] == b"\0\6"
