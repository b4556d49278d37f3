"""The header of an image says what the image is, and says it in full."""

import pytest

from simulator.configuration import FirmwareOrder
from simulator.identity import PhoneIdentity
from simulator.image import ArrivingImage, ImageHeaderError, WrongSizeError, parse_header

HEADER = (
    b"FLATFW\x00\x01"
    + b"FP-B2".ljust(32, b"\0")
    + b"2.4.1".ljust(16, b"\0")
    + b"A,B".ljust(32, b"\0")
    + (5).to_bytes(8, "little")
    + bytes(range(32))
).ljust(256, b"\0")


def test_a_header_is_read() -> None:
    header = parse_header(HEADER)
    assert (header.product, header.version) == ("FP-B2", "2.4.1")
    assert header.hardware == ("A", "B")
    assert header.payload_size == 5
    assert header.payload_sha256 == bytes(range(32)).hex()


@pytest.mark.parametrize(
    "raw",
    [
        HEADER[:255],
        b"FLATFW\x00\x02" + HEADER[8:],
        HEADER[:-1] + b"\x01",
        HEADER.replace(b"FP-B2\0", b"FP-B2\0x", 1)[:256],
        HEADER.replace(b"FP-B2", b"FP-B\xff", 1),
    ],
)
def test_a_header_that_is_not_one_is_refused(raw: bytes) -> None:
    with pytest.raises(ImageHeaderError):
        parse_header(raw)


def test_an_image_that_ends_early_is_refused() -> None:
    identity = PhoneIdentity("02f1a7000001", "S", "FP-B2", "A", "1")
    image = ArrivingImage(300)
    image.take(HEADER)
    with pytest.raises(WrongSizeError, match="256 bytes instead of 300"):
        image.judge(FirmwareOrder("2.4.1", "http://h/f", 300, "", 0), identity)


def test_one_byte_too_many_is_refused_as_it_arrives() -> None:
    image = ArrivingImage(3)
    image.take(b"abc")
    with pytest.raises(WrongSizeError):
        image.take(b"d")
