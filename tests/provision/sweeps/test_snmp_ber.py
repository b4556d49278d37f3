"""The strict reader: takes an answer to the question, and nothing else that bytes can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v2c

from provision.readers.snmp_ber import Answer, AnswerReader, MalformedError, value_of
from provision.readers.snmp_question import ID_BASE, question

OIDS = ("1.3.6.1.2.1.1.1.0", "1.3.6.1.4.1.32473.1.3.0")
ASKED = question("public", OIDS)


def response(*values: object, request_id: int = ID_BASE, oids: tuple[str, ...] = OIDS) -> bytes:
    pdu = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request_id)
    v2c.apiPDU.set_varbinds(pdu, list(zip(oids, values, strict=True)))
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


GOOD = response(v2c.OctetString("Flat Phone"), v2c.OctetString("FP2648B2K7Q2XM6"))


@given(st.integers(0, 2**31 - 1), st.binary(max_size=300), st.integers(0, 2**32 - 1))
def test_every_value_that_the_library_writes_is_read(number: int, text: bytes, ticks: int) -> None:
    answer = ASKED.reader.read(
        response(v2c.OctetString(text), v2c.TimeTicks(ticks), request_id=number)
    )
    assert answer.request_id == number
    assert [value_of(raw) for raw in answer.values] == [text, ticks // 100]


def test_what_the_agent_does_not_have_is_absent_and_not_empty() -> None:
    answer = ASKED.reader.read(response(v2c.NoSuchObject(""), v2c.NoSuchInstance("")))
    assert [value_of(raw) for raw in answer.values] == [None, None]
    answer = ASKED.reader.read(response(v2c.OctetString(""), v2c.IpAddress("10.1.2.3")))
    assert [value_of(raw) for raw in answer.values] == [b"", "10.1.2.3"]


def test_an_object_identifier_is_dotted_text() -> None:
    value = v2c.ObjectIdentifier("1.3.6.1.4.1.32473.1")
    answer = ASKED.reader.read(response(value, v2c.Integer(-5)))
    assert [value_of(raw) for raw in answer.values] == ["1.3.6.1.4.1.32473.1", -5]


def test_an_answer_about_other_oids_is_none() -> None:
    swapped = response(v2c.OctetString("a"), v2c.OctetString("b"), oids=OIDS[::-1])
    with pytest.raises(MalformedError):
        ASKED.reader.read(swapped)


def test_an_answer_with_another_community_is_none() -> None:
    with pytest.raises(MalformedError):
        question("private", OIDS).reader.read(GOOD)


def test_a_request_is_no_answer() -> None:
    with pytest.raises(MalformedError):
        ASKED.reader.read(ASKED.datagram(ID_BASE))


def malformed() -> dict[str, bytes]:
    """Spoiled forms of a good answer: each cut, each length made another, each frame opened."""
    cases = {f"cut at {size}": GOOD[:size] for size in range(len(GOOD))}
    cases |= {f"trailing {size}": GOOD + b"\0" * size for size in (1, 2, 100)}
    for at in range(len(GOOD)):
        if GOOD[at] in (0x30, 0xA2, 0x04, 0x06):
            for size in (0x80, 0x81, 0x84, 0x85, 0xFF):
                cases[f"length {size:#x} at {at + 1}"] = (
                    GOOD[: at + 1] + bytes((size,)) + GOOD[at + 2 :]
                )
            cases[f"no tag at {at}"] = GOOD[:at] + b"\x1f" + GOOD[at + 1 :]
    cases |= {f"nothing but {byte:#x}": bytes((byte,)) * 60 for byte in (0, 0x30, 0x80, 0xFF)}
    return cases


def test_there_are_enough_spoiled_packets() -> None:
    assert len(malformed()) >= 150


@pytest.mark.parametrize("spoiled", malformed().values(), ids=malformed().keys())
def test_a_spoiled_packet_has_one_way_to_fail(spoiled: bytes) -> None:
    # A letter of a text may be any byte: then what is read has the same form, and is no fault.
    try:
        answer = ASKED.reader.read(spoiled)
    except MalformedError:
        return
    assert len(answer.values) == len(OIDS)


@given(st.binary(max_size=200))
def test_noise_has_one_way_to_fail(noise: bytes) -> None:
    with pytest.raises(MalformedError):
        ASKED.reader.read(noise)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(at: int, byte: int) -> None:
    changed = GOOD[:at] + bytes((byte,)) + GOOD[at + 1 :]
    try:
        answer = ASKED.reader.read(changed)
    except MalformedError:
        return
    assert isinstance(answer, Answer)
    assert all(value_of(raw) is None or value_of(raw) is not None for raw in answer.values)


@given(st.integers(ID_BASE, 2 * ID_BASE - 1), st.text(max_size=40))
def test_the_patched_request_is_what_the_library_writes(number: int, community: str) -> None:
    asked = question(community.encode("ascii", "ignore").decode(), OIDS)
    message, rest = decoder.decode(asked.datagram(number), asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    assert not rest
    assert int(pdu["request-id"]) == number
    assert isinstance(asked.reader, AnswerReader)
    assert [str(oid) for oid, _ in v2c.apiPDU.get_varbinds(pdu)] == list(OIDS)
