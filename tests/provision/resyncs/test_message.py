"""A NOTIFY as it goes out, what counts as an answer, the Digest, and when it is said again."""

import hashlib
import re
from ipaddress import IPv4Address

import pytest

from provision.resyncs import answering, message
from provision.resyncs.answering import Login
from provision.resyncs.message import Marks, Notice
from provision.resyncs.transaction import Timers, Transaction

MARKS = Marks("z9hG4bKabc", "call-1", "tag-1")
NOTICE = Notice(7, IPv4Address("10.0.0.7"), 5060, "check-sync;reboot=false", "101")
HERE = ("10.0.0.1", 40000)
URI = "sip:101@10.0.0.7:5060"
LOGIN = Login("101", "sip-Secret-42")


def reply(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode()


def answer_lines(status: str = "200 OK", *more: str) -> tuple[str, ...]:
    return (
        f"SIP/2.0 {status}",
        "Via: SIP/2.0/UDP 10.0.0.1:40000;branch=z9hG4bKabc;rport=40000",
        "Call-ID: call-1",
        "CSeq: 1 NOTIFY",
        *more,
    )


def test_a_notice_says_what_the_family_says_and_ends_like_a_sip_message() -> None:
    text = message.written(NOTICE, MARKS, HERE, None).decode()
    assert text.startswith(f"NOTIFY {URI} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:40000;branch=")
    assert "\r\nEvent: check-sync;reboot=false\r\n" in text
    assert "\r\nSubscription-State: terminated" in text
    assert text.endswith("Content-Length: 0\r\n\r\n")


def test_a_number_cannot_break_out_of_the_address() -> None:
    odd = Notice(7, NOTICE.address, 5060, NOTICE.event, "1 0>1@x\r\nEvil: 1")
    text = message.written(odd, MARKS, HERE, None).decode()
    assert "\r\nEvil:" not in text
    assert message.target(odd) == "sip:1%200%3E1%40x%0D%0AEvil%3A%201@10.0.0.7:5060"


def test_an_answer_is_read_with_short_and_folded_headers() -> None:
    found = message.read(
        reply(
            "SIP/2.0 202 Accepted",
            "v: SIP/2.0/UDP 10.0.0.1:40000;rport=1\r\n ;branch=z9hG4bKabc",
            "i: call-1",
            "cseq: 1 NOTIFY",
        )
    )
    assert found is not None
    assert (found.status, found.reason, found.branch) == (202, "Accepted", "z9hG4bKabc")
    assert found.call_id == "call-1"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\xff" * 900,
        b"SIP/2.0 200 OK",
        b"HTTP/1.1 200 OK\r\nCSeq: 1 NOTIFY\r\n\r\n",
        reply("SIP/2.0 999 Odd", *answer_lines()[1:]),
        reply(*answer_lines()[:2], "Call-ID: call-1", "CSeq: 1 INVITE"),
        reply("NOTIFY sip:a@b SIP/2.0", *answer_lines()[1:]),
    ],
)
def test_what_is_no_answer_to_a_notify_is_none(datagram: bytes) -> None:
    assert message.read(datagram) is None


def test_a_phones_words_are_harmless_to_show() -> None:
    found = message.read(reply(*answer_lines("489 \x1b[31mBad\x00 " + "x" * 500)))
    assert found is not None
    assert found.reason.startswith("?[31mBad? xxx")
    assert len(found.reason) == message.REASON_LENGTH_MAX


def parameters(value: str) -> dict[str, str]:
    return {
        name: quoted or plain
        for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\w\S*?))(?:,|$)', value)
    }


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def test_the_digest_is_the_one_of_rfc_7616_over_notify_and_the_phones_address() -> None:
    challenge = 'Digest realm="phone", nonce="n1", qop="auth,auth-int", algorithm=MD5'
    found = parameters(answering.answer([challenge], LOGIN, URI, "c1") or "")
    one, two = md5("101:phone:sip-Secret-42"), md5(f"NOTIFY:{URI}")
    assert found["response"] == md5(f"{one}:n1:00000001:c1:auth:{two}")
    assert found["uri"] == URI


def test_an_old_phone_that_offers_no_quality_is_answered_as_in_rfc_2069() -> None:
    value = answering.answer(['Digest realm="phone", nonce="n1", opaque="o"'], LOGIN, URI, "c1")
    found = parameters(value or "")
    one, two = md5("101:phone:sip-Secret-42"), md5(f"NOTIFY:{URI}")
    assert found["response"] == md5(f"{one}:n1:{two}")
    assert found["opaque"] == "o"
    assert not {"qop", "nc", "cnonce", "algorithm"} & set(found)


def test_of_several_challenges_the_strongest_is_answered() -> None:
    weak, strong = (f'Digest realm="p", nonce="n", algorithm={name}' for name in ("MD5", "SHA-256"))
    assert "algorithm=SHA-256" in (answering.answer([weak, strong], LOGIN, URI, "c") or "")


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="phone"',
        'Digest realm="phone", nonce="n1", qop="auth-int"',
        'Digest realm="phone", nonce="n1", algorithm=SHA-512-256',
        'Digest realm="phone"',
        "",
    ],
)
def test_a_password_is_never_handed_over_nor_guessed_into_another_scheme(challenge: str) -> None:
    assert answering.answer([challenge], LOGIN, URI, "c1") is None


def test_a_notify_is_said_again_by_timer_e_and_given_up_by_timer_f() -> None:
    one = Transaction(NOTICE, MARKS, b"", 0.0, Timers())
    now, moments = 0.0, []
    while now < one.ends:
        moments.append(now)
        now = one.said(now)
    assert moments == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert now == 32.0


def test_after_a_provisional_answer_it_is_said_again_every_four_seconds() -> None:
    one = Transaction(NOTICE, MARKS, b"", 0.0, Timers())
    one.heard = True
    assert one.said(0.5) == 4.5
