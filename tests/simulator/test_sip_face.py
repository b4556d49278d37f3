"""The SIP port of a simulated phone."""

import pytest

from simulator.facts import PhoneFacts
from simulator.sip_face import SipFace


class Desk:
    """A phone that counts what it was asked for."""

    def __init__(self) -> None:
        self.pressed: list[str] = []

    def facts(self) -> PhoneFacts:
        raise AssertionError("nobody asks for facts over SIP")

    def resync(self) -> None:
        self.pressed.append("resync")

    def reboot(self) -> None:
        self.pressed.append("reboot")


def asked(
    event: str = "check-sync;reboot=false", method: str = "NOTIFY", branch: str = "1"
) -> bytes:
    lines = [
        f"{method} sip:101@10.0.0.7:5060 SIP/2.0",
        f"Via: SIP/2.0/UDP 10.0.0.1:40000;branch=z9hG4bK{branch};rport",
        "From: <sip:flatpro@10.0.0.1>;tag=a",
        "To: <sip:101@10.0.0.7>",
        "Call-ID: c",
        f"CSeq: 1 {method}",
        *([f"Event: {event}"] if event else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(face: SipFace, question: bytes) -> str:
    return (face.answer(question, "10.0.0.1", 40001) or b"").decode()


@pytest.mark.parametrize(
    ("event", "pressed"),
    [
        ("check-sync", "resync"),
        ("check-sync;reboot=false", "resync"),
        ("check-sync;reboot=true", "reboot"),
    ],
)
def test_check_sync_is_answered_and_obeyed(event: str, pressed: str) -> None:
    desk = Desk()
    said = answer(SipFace(desk), asked(event))
    assert said.startswith("SIP/2.0 200 OK\r\n")
    assert ";branch=z9hG4bK1;rport=40001;received=10.0.0.1\r\n" in said
    assert "\r\nTo: <sip:101@10.0.0.7>;tag=" in said
    assert desk.pressed == [pressed]


def test_a_question_that_comes_again_is_obeyed_once() -> None:
    desk = Desk()
    face = SipFace(desk)
    assert answer(face, asked()) == answer(face, asked())
    assert desk.pressed == ["resync"]
    answer(face, asked(branch="2"))
    assert desk.pressed == ["resync", "resync"]


def test_another_event_or_method_is_refused() -> None:
    desk = Desk()
    face = SipFace(desk)
    assert answer(face, asked("message-summary")).startswith("SIP/2.0 489 Bad Event\r\n")
    assert answer(face, asked("", branch="2")).startswith("SIP/2.0 489 ")
    assert answer(face, asked(method="INVITE", branch="3")).startswith("SIP/2.0 405 ")
    assert desk.pressed == []


@pytest.mark.parametrize("noise", [b"", b"\xff\x00", b"GET / HTTP/1.1\r\n\r\n", asked()[:60]])
def test_noise_hears_nothing(noise: bytes) -> None:
    assert answer(SipFace(Desk()), noise) == ""
