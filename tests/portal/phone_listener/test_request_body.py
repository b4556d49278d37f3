"""Where a body ends, whatever pieces it comes in."""

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.phone_listener.request_body import BODY_BYTES_MAX, BadBodyError, Body


def read(left: int | None, *pieces: bytes) -> tuple[bytes, bytes] | None:
    """The body and what is after it; None where it is not whole."""
    body, received = Body(left), bytearray()
    for number, piece in enumerate(pieces):
        received += piece
        if body.take(received):
            return bytes(body.content), bytes(received) + b"".join(pieces[number + 1 :])
    return None


def test_a_known_length_is_taken_and_no_more() -> None:
    assert read(3, b"a", b"bcd", b"e") == (b"abc", b"de")
    assert read(3, b"ab") is None


def test_chunks_are_put_together() -> None:
    raw = b"3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\nGET"
    assert read(None, raw) == (b"abc0123456789", b"GET")
    assert read(None, raw[:-6]) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"-1\r\n",
        b"3 \r\nabc\r\n",
        b"3;a=b\r\nabc\r\n0\r\n\r\n",
        b"3\nabc\n0\n\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"0\r\nTrailer: x\r\n\r\n",
        b"\r\n",
        b"123456789\r\n",
    ],
)
def test_chunks_that_could_end_elsewhere_are_refused(raw: bytes) -> None:
    with pytest.raises(BadBodyError) as refused:
        read(None, raw)
    assert refused.value.status == 400


def test_too_much_is_refused_before_it_is_taken() -> None:
    with pytest.raises(BadBodyError) as refused:
        Body(BODY_BYTES_MAX + 1)
    assert refused.value.status == 413
    with pytest.raises(BadBodyError) as refused:
        read(None, b"%x\r\n" % (BODY_BYTES_MAX + 1))
    assert refused.value.status == 413


PIECES = st.sampled_from(
    [b"3", b"0", b"a", b"\r\n", b"\r", b"\n", b"abc", b"0\r\n\r\n", b"3\r\nabc"]
)


@settings(max_examples=300, deadline=None)
@given(raw=st.lists(PIECES, max_size=12).map(b"".join), cuts=st.lists(st.integers(0, 40)))
def test_pieces_make_no_difference(raw: bytes, cuts: list[int]) -> None:
    def outcome(*pieces: bytes) -> object:
        with contextlib.suppress(BadBodyError):
            return read(None, *pieces)
        return "refused"

    places = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    parts = [raw[a:b] for a, b in itertools.pairwise(places)]
    assert outcome(raw) == outcome(*parts)
