"""Asking over the wire: SIPp as the phone, and sockets that are silent, late, forged or strange."""

import contextlib
import hashlib
import itertools
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address

import pytest

from provision.resyncs.answering import Login
from provision.resyncs.asking import Asker, Outcome
from provision.resyncs.message import Notice
from provision.resyncs.transaction import Timers
from provision.resyncs.vocabulary import TargetState
from tests.provision.resyncs.conftest import Phone, SippPhone, receive, send

EVENT = "check-sync;reboot=false"
QUICK = Timers(t1=0.01, t2=0.08)
#: Who answers at once is asked once, also on a busy machine.
PATIENT = Timers(t1=4.0, t2=4.0)
LOGIN = Login("101", "sip-Secret-42")
CHALLENGE = 'Digest realm="phone", nonce="47ebe028cda119c35d4877b383027d28", algorithm=MD5'
#: SIPp itself works the digest out again, and goes on only if it is the same.
VERIFY = '<action><verifyauth assign_to="right" username="101" password="{password}"/></action>'
FORK = """<nop test="right" next="1"/>
{wrong}
<nop next="2"/>
<label id="1"/>
{good}
<label id="2"/>"""


def notice(port: int, address: str = "127.0.0.1", key: int = 1, **more: object) -> Notice:
    return Notice(key, IPv4Address(address), port, EVENT, "101", **more)  # type: ignore[arg-type]


def ask(*notices: Notice, rate: int = 100, timers: Timers | None = None) -> list[Outcome]:
    return list(Asker(rate, timers or PATIENT).run(notices))


def only(phone: SippPhone, login: Login | None = None) -> Outcome:
    [outcome] = ask(notice(phone.port, login=login))
    return outcome


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted"])
def test_a_phone_that_accepts(sipp: Phone, status: str) -> None:
    phone = sipp(receive(), send(status))
    assert only(phone) == Outcome(1, TargetState.ACCEPTED, int(status[:3]), status[4:], 1)
    assert phone.finished()
    assert f"Event: {EVENT}" in phone.messages()


@pytest.mark.parametrize("status", ["481 Subscription Does Not Exist", "489 Bad Event"])
def test_a_phone_that_refuses_is_told_with_its_words(sipp: Phone, status: str) -> None:
    phone = sipp(receive(), send(status))
    assert only(phone) == Outcome(1, TargetState.REFUSED, int(status[:3]), status[4:], 1)
    assert phone.finished()


def test_a_challenge_is_answered_with_the_password_of_the_phones_account(sipp: Phone) -> None:
    phone = sipp(
        receive(),
        send("401 Unauthorized", f'WWW-Authenticate: {CHALLENGE}, qop="auth"'),
        receive(VERIFY.format(password=LOGIN.password)),
        FORK.format(wrong=send("403 Forbidden"), good=send("202 Accepted")),
    )
    assert only(phone, LOGIN) == Outcome(1, TargetState.ACCEPTED, 202, "Accepted", 2)
    assert phone.finished()
    assert LOGIN.password not in phone.messages()


def test_a_proxys_challenge_is_answered_in_the_header_of_its_own(sipp: Phone) -> None:
    phone = sipp(
        receive(),
        send("407 Proxy Authentication Required", f"Proxy-Authenticate: {CHALLENGE}"),
        receive(),
        send("200 OK"),
    )
    assert only(phone, LOGIN).state is TargetState.ACCEPTED
    assert phone.finished()
    [shown] = re.findall(r"Proxy-Authorization: Digest (.*)", phone.messages())
    given = dict(re.findall(r'(\w+)="([^"]*)"', shown))
    one, two = md5("101:phone:sip-Secret-42"), md5(f"NOTIFY:{given['uri']}")
    assert given["response"] == md5(f"{one}:{given['nonce']}:{two}")
    assert "\nAuthorization:" not in phone.messages()


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def test_a_wrong_password_is_not_tried_twice(sipp: Phone) -> None:
    refusal = send("401 Unauthorized", f"WWW-Authenticate: {CHALLENGE}")
    phone = sipp(
        receive(),
        refusal,
        receive(VERIFY.format(password="another")),
        FORK.format(wrong=refusal, good=send("202 Accepted")),
    )
    assert only(phone, LOGIN) == Outcome(1, TargetState.WRONG_PASSWORD, 401, "Unauthorized", 2)
    assert phone.finished()


def test_a_challenge_where_the_phone_has_not_proved_itself_is_told_as_such(sipp: Phone) -> None:
    phone = sipp(receive(), send("401 Unauthorized", f"WWW-Authenticate: {CHALLENGE}"))
    [outcome] = ask(notice(phone.port, unproved=True))
    assert outcome == Outcome(1, TargetState.UNPROVED, 401, "Unauthorized", 1)


def test_answers_are_heard_while_phones_that_cannot_be_asked_are_told(sipp: Phone) -> None:
    phone = sipp(receive(), send("200 OK"))
    accepted: list[Outcome] = []
    end = time.monotonic() + 60

    def mixed() -> Iterator[Notice | Outcome]:
        yield notice(phone.port)
        while not accepted and time.monotonic() < end:
            yield Outcome(2, TargetState.NO_ADDRESS)

    for outcome in Asker(10, PATIENT).run(mixed()):
        if outcome.key == 1:
            accepted.append(outcome)  # noqa: PERF401 - the notices look at it meanwhile
    assert accepted == [Outcome(1, TargetState.ACCEPTED, 200, "OK", 1)]
    assert time.monotonic() < end


def test_a_challenge_without_a_known_password_is_told_as_such(sipp: Phone) -> None:
    phone = sipp(receive(), send("401 Unauthorized", f"WWW-Authenticate: {CHALLENGE}"))
    assert only(phone).state is TargetState.CHALLENGED
    assert phone.finished()


def test_a_phone_that_answers_late_is_asked_again_meanwhile(sipp: Phone) -> None:
    phone = sipp(receive(), '<pause milliseconds="800"/>', send("200 OK"))
    [outcome] = ask(notice(phone.port), timers=Timers())
    assert outcome.state is TargetState.ACCEPTED
    assert outcome.sent >= 2
    assert phone.finished()


def test_a_provisional_answer_is_waited_on(sipp: Phone) -> None:
    phone = sipp(receive(), send("100 Trying"), '<pause milliseconds="300"/>', send("200 OK"))
    assert only(phone) == Outcome(1, TargetState.ACCEPTED, 200, "OK", 1)
    assert phone.finished()


Answer = Callable[[bytes], bytes]


#: Linux's number for the option and for what comes of it, which Python does not name.
_SO_TIMESTAMPNS = 35


@contextlib.contextmanager
def listening(
    act: Callable[[bytes, tuple[str, int], socket.socket], None],
    moments: list[float] | None = None,
) -> Iterator[int]:
    """A port whose datagrams are handed to `act`, one after another.

    `moments` is when they came, by the kernel: our thread may have had to wait for its turn.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            while (got := sock.recvmsg(65535, 64))[0] != b"stop":
                datagram, [(_level, _kind, stamp)], _flags, asker = got
                if moments is not None:
                    seconds, nanoseconds = struct.unpack("ll", stamp)
                    moments.append(seconds + nanoseconds / 1e9)
                act(datagram, asker, sock)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
                waker.sendto(b"stop", sock.getsockname())
            thread.join()


def answered(question: bytes, **changed: str) -> bytes:
    """The 200 that answers a question, with some of its headers changed."""
    headers = dict(re.findall(r"(Via|From|To|Call-ID|CSeq): (.*)\r\n", question.decode()))
    lines = [f"{name}: {value}" for name, value in (headers | changed).items()]
    return "\r\n".join(["SIP/2.0 200 OK", *lines, "", ""]).encode()


def test_silence_is_told_after_all_retransmissions() -> None:
    moments: list[float] = []
    with listening(lambda *_: None, moments) as port:
        [outcome] = ask(notice(port), timers=QUICK)
    assert outcome.state is TargetState.SILENT
    assert outcome.sent == len(moments) >= 5


def test_an_answer_from_elsewhere_is_dropped_however_well_it_knows_the_question() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.9", 0))

        def forge(question: bytes, asker: tuple[str, int], _sock: socket.socket) -> None:
            elsewhere.sendto(answered(question), asker)

        asker = Asker(100, QUICK)
        with listening(forge) as port:
            [outcome] = asker.run([notice(port)])
    assert outcome.state is TargetState.SILENT
    assert asker.tally.stray >= 5


@pytest.mark.parametrize(
    "changed",
    [
        {"Call-ID": "another"},
        {"CSeq": "2 NOTIFY"},
        {"Via": "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1"},
        {"CSeq": "1 REGISTER"},
    ],
)
def test_an_answer_that_does_not_bring_back_the_marks_is_dropped(changed: dict[str, str]) -> None:
    with listening(lambda q, who, s: s.sendto(answered(q, **changed), who) and None) as port:
        [outcome] = ask(notice(port), timers=QUICK)
    assert outcome.state is TargetState.SILENT


def test_an_answer_from_another_port_of_the_phone_counts() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        with listening(lambda q, who, _s: other.sendto(answered(q), who) and None) as port:
            [outcome] = ask(notice(port))
    assert outcome.state is TargetState.ACCEPTED


def test_noise_costs_nobody_an_answer() -> None:
    def noisy(question: bytes, asker: tuple[str, int], sock: socket.socket) -> None:
        for noise in (b"", b"\xff" * 9000, question, b"SIP/2.0 200\r\n\r\n"):
            sock.sendto(noise, asker)
        sock.sendto(answered(question), asker)

    with listening(noisy) as port:
        [outcome] = ask(notice(port))
    assert outcome.state is TargetState.ACCEPTED


def test_phones_are_asked_at_the_pace_and_the_silent_ones_hold_nobody_up() -> None:
    moments: list[float] = []

    def act(question: bytes, asker: tuple[str, int], sock: socket.socket) -> None:
        sock.sendto(answered(question), asker)

    with listening(lambda *_: None) as deaf, listening(act, moments) as port:
        asked = [notice(deaf, key=0), *(notice(port, key=key) for key in range(1, 11))]
        outcomes = ask(*asked, rate=50, timers=Timers(t1=0.05, t2=0.4))
    assert [one.key for one in outcomes] == [*range(1, 11), 0]
    # Fifty a second, and after a moment in which we had no turn one of them at once, not all.
    assert len(moments) == 10
    for (first, a), (last, b) in itertools.combinations(enumerate(moments), 2):
        assert last - first <= (b - a) * 50 + 1.1
