"""One transfer without a network: what is sent, what is sent again, and when it is given up."""

import io
import struct

import pytest

from provision.tftp.terms import Terms
from provision.tftp.transfer import End, ShortSourceError, Transfer

PLAIN = Terms(512, None, {})


def transfer(size: int, terms: Terms = PLAIN, body: bytes | None = None) -> Transfer:
    return Transfer(io.BytesIO(bytes(size) if body is None else body), size, terms, 0.0)


def block(datagram: bytes | None) -> int | None:
    return None if datagram is None else struct.unpack("!HH", datagram[:4])[1]


@pytest.mark.parametrize(("size", "blocks"), [(0, 1), (511, 1), (512, 2), (1024, 3), (1500, 3)])
def test_a_file_goes_out_whole_and_its_last_block_is_short(size: int, blocks: int) -> None:
    body = bytes(range(256)) * 6
    sending = transfer(size, body=body[:size])
    datagrams = [sending.first()]
    datagrams += [sending.acknowledged(number, 0.0) or b"" for number in range(1, blocks)]
    assert sending.acknowledged(blocks, 0.0) is None
    assert (sending.end, sending.taken) == (End.COMPLETE, size)
    assert b"".join(datagram[4:] for datagram in datagrams) == body[:size]
    assert len(datagrams[-1]) < 516


def test_a_second_acknowledgement_sends_nothing_twice() -> None:
    """The Sorcerer's Apprentice: each duplicate would double all later traffic."""
    sending = transfer(5000)
    sending.first()
    assert block(sending.acknowledged(1, 0.0)) == 2
    assert [sending.acknowledged(1, 0.0) for _ in range(10)] == [None] * 10
    assert [sending.acknowledged(number, 0.0) for number in (0, 3, 9, 65535)] == [None] * 4
    assert block(sending.acknowledged(2, 0.0)) == 3
    assert sending.retransmissions == 0


def test_before_the_first_acknowledgement_nothing_is_sent_by_itself() -> None:
    sending = transfer(5000, Terms(1428, 1, {"blksize": "1428"}))
    sending.first()
    assert [sending.waited(float(at)) for at in range(30)] == [None] * 30
    assert sending.end is End.SILENCE
    assert sending.retransmissions == 0


@pytest.mark.parametrize(
    ("terms", "times"),
    [(PLAIN, 1), (Terms(1428, None, {"blksize": "1428"}), 5)],
    ids=["a first block", "what was agreed"],
)
def test_a_request_that_comes_again_gets_the_same_answer_a_few_times(
    terms: Terms, times: int
) -> None:
    sending = transfer(5000, terms)
    first = sending.first()
    again = [sending.asked_again() for _ in range(20)]
    assert again == [first] * times + [None] * (20 - times)
    sending.acknowledged(1 if terms is PLAIN else 0, 0.0)
    assert sending.asked_again() is None


def test_silence_is_answered_five_times_with_growing_patience_and_then_given_up() -> None:
    sending = transfer(5000)
    sending.first()
    sending.acknowledged(1, 0.0)
    sent = [at for at in range(100) if sending.waited(float(at)) is not None]
    assert sent == [1, 3, 7, 15, 23]
    assert sending.end is End.SILENCE


def test_block_numbers_go_round() -> None:
    sending = transfer(8 * 65_540, Terms(8, None, {"blksize": "8"}))
    sending.first()
    numbers = [block(sending.acknowledged(number & 0xFFFF, 0.0)) for number in range(65_541)]
    assert numbers[65_533:65_537] == [65534, 65535, 0, 1]
    assert sending.acknowledged(65_541 & 0xFFFF, 0.0) is None
    assert (sending.end, sending.taken) == (End.COMPLETE, 8 * 65_540)


def test_a_file_shorter_than_it_was_said_to_be_never_ends_as_whole() -> None:
    sending = transfer(5000, body=bytes(1000))
    sending.first()
    with pytest.raises(ShortSourceError):
        sending.acknowledged(1, 0.0)


def test_a_receiver_that_dawdles_for_ever_is_left() -> None:
    sending = transfer(10**9)
    sending.first()
    for number in range(1, 1000):
        sending.acknowledged(number & 0xFFFF, number * 2.0)
        sending.waited(number * 2.0 + 0.5)
    assert sending.end is End.SILENCE
