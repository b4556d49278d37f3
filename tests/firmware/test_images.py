"""Inspecting images: what a whole file says, and what each kind of damage is called."""

import io
import struct
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.versions import Version
from firmware.image_formats import SHIPPED_FORMATS, load_formats, parse_format
from firmware.images import (
    BadImageError,
    HeaderContradictsError,
    HeaderCutShortError,
    HeaderFieldError,
    ImageHeader,
    NotInspected,
    PayloadHashError,
    PayloadSizeError,
    build_image,
    check_against,
    inspect,
)

FORMATS = load_formats()
PAYLOAD = bytes(range(256)) * 20


def by_hand(
    product: bytes = b"FP-B2",
    version: bytes = b"2.4.1",
    hardware: bytes = b"A,B",
    *,
    said: bytes = PAYLOAD,
    payload: bytes = PAYLOAD,
    rest: bytes = b"",
) -> bytes:
    """The header as the contract words it, packed without the code under test."""
    magic, digest = b"FLATFW\x00\x01", sha256(said).digest()
    header = struct.pack("<8s32s16s32sQ32s", magic, product, version, hardware, len(said), digest)
    return header + rest.ljust(128, b"\0") + payload


IMAGE = by_hand()


class Dripping(io.RawIOBase):
    """A stream that gives at most three bytes at a time, as a socket may."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        return self._inner.readinto(memoryview(buffer)[:3])


def test_a_whole_image_says_what_it_is() -> None:
    assert len(IMAGE) == 256 + len(PAYLOAD)
    assert inspect(io.BytesIO(IMAGE), FORMATS) == ImageHeader(
        format="flat_phone",
        product="FP-B2",
        version=Version.parse("2.4.1"),
        hardware=frozenset("AB"),
        payload_size=len(PAYLOAD),
        payload_sha256=sha256(PAYLOAD).hexdigest(),
    )


def test_the_builder_writes_the_contract_s_header() -> None:
    assert build_image("FP-B2", "2.4.1", ["A", "B"], PAYLOAD) == IMAGE


def test_a_stream_that_gives_few_bytes_at_a_time_is_read_to_its_end() -> None:
    assert inspect(Dripping(IMAGE), FORMATS) == inspect(io.BytesIO(IMAGE), FORMATS)


@given(st.binary(max_size=300))
def test_what_was_built_is_read_back(payload: bytes) -> None:
    header = inspect(io.BytesIO(build_image("FP-C5", "3.0-rc1", ["C"], payload)), FORMATS)

    assert isinstance(header, ImageHeader)
    assert (header.product, str(header.version), header.hardware) == ("FP-C5", "3.0-rc1", {"C"})
    assert header.payload_size == len(payload)


def test_a_payload_longer_than_one_read_is_proved_whole() -> None:
    payload = b"\x5a" * (3 << 20)
    image = build_image("FP-B2", "2.4.1", "A", payload)

    assert isinstance(inspect(io.BytesIO(image), FORMATS), ImageHeader)
    with pytest.raises(PayloadHashError):
        inspect(io.BytesIO(image[:-1] + b"\0"), FORMATS)


@pytest.mark.parametrize("content", [b"\x7fELF" + bytes(300), b"FLATFW\x00\x02" + bytes(300), b"X"])
def test_a_file_in_no_known_format_is_not_inspected(content: bytes) -> None:
    assert inspect(io.BytesIO(content), FORMATS) == NotInspected()


def test_without_formats_nothing_is_inspected() -> None:
    assert inspect(io.BytesIO(IMAGE), ()) == NotInspected()


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 128, 255])
def test_a_file_that_ends_inside_its_header_is_cut_short(length: int) -> None:
    with pytest.raises(HeaderCutShortError, match=f"{length} of 256 bytes"):
        inspect(io.BytesIO(IMAGE[:length]), FORMATS)


@given(st.integers(0, len(IMAGE) - 1))
def test_no_cut_file_passes(length: int) -> None:
    with pytest.raises(BadImageError):
        inspect(io.BytesIO(IMAGE[:length]), FORMATS)


@given(st.integers(8, len(IMAGE) - 1), st.integers(1, 255))
def test_a_changed_byte_changes_the_answer_or_is_refused(place: int, flip: int) -> None:
    changed = bytearray(IMAGE)
    changed[place] ^= flip

    try:
        header = inspect(io.BytesIO(changed), FORMATS)
    except BadImageError:
        return
    assert 8 <= place < 88
    assert header != inspect(io.BytesIO(IMAGE), FORMATS)


@pytest.mark.parametrize("payload", [PAYLOAD[:-1], PAYLOAD + b"\0", b""])
def test_a_payload_of_another_size_is_refused_with_both_sizes(payload: bytes) -> None:
    with pytest.raises(PayloadSizeError) as refusal:
        inspect(io.BytesIO(by_hand(payload=payload)), FORMATS)

    assert refusal.value.details == {"said": len(PAYLOAD), "found": len(payload)}


def test_a_payload_of_the_right_size_and_other_bytes_is_refused() -> None:
    with pytest.raises(PayloadHashError, match=sha256(PAYLOAD).hexdigest()):
        inspect(io.BytesIO(by_hand(payload=PAYLOAD[::-1])), FORMATS)


@pytest.mark.parametrize(
    ("image", "field", "reason"),
    [
        (by_hand(product="ФП-Б2".encode()), "product", "printable ASCII"),
        (by_hand(product=b"FP\x1b[2J"), "product", "printable ASCII"),
        (by_hand(product=b""), "product", "empty"),
        (by_hand(product=b"FP-B2\0X"), "product", "follows its NUL"),
        (by_hand(version=b"2.4.1\xff"), "version", "printable ASCII"),
        (by_hand(version=b""), "version", "empty"),
        (by_hand(version=b"../2.4"), "version", "no firmware version"),
        (by_hand(hardware="А".encode()), "hardware", "printable ASCII"),
        (by_hand(hardware=b""), "hardware", "empty"),
        (by_hand(hardware=b"A,,B"), "hardware", "empty"),
        (by_hand(rest=b"\0\0x"), "zeros", "zeros"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(image: bytes, field: str, reason: str) -> None:
    with pytest.raises(HeaderFieldError) as refusal:
        inspect(io.BytesIO(image), FORMATS)

    assert field in refusal.value.text("en")
    assert reason in refusal.value.text("en")
    assert field in refusal.value.text("ru")


def test_a_field_may_fill_its_place_to_the_last_byte() -> None:
    header = inspect(io.BytesIO(by_hand(b"P" * 32, b"2.4.1-rc1+123456")), FORMATS)

    assert isinstance(header, ImageHeader)
    assert (header.product, str(header.version)) == ("P" * 32, "2.4.1-rc1+123456")


def test_a_format_with_a_shorter_header_than_another_s_magic_is_read() -> None:
    text = (SHIPPED_FORMATS / "flat_phone.toml").read_text(encoding="utf-8")
    long_magic = text.replace("46 4c 41 54 46 57 00 01", "99 " * 300)
    for offset in (8, 40, 56, 88, 96, 128):
        long_magic = long_magic.replace(f"offset = {offset},", f"offset = {offset + 400},")
    long_magic = long_magic.replace("header_size = 256", "header_size = 1000")

    formats = (parse_format("long.toml", long_magic), *FORMATS)

    assert inspect(io.BytesIO(IMAGE), formats) == inspect(io.BytesIO(IMAGE), FORMATS)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: build_image("P" * 33, "2.4.1", "A", b""), "product"),
        (lambda: build_image("FP-B2", "1.2.3.4.5.6.7.8.9", "A", b""), "version"),
        (lambda: build_image("FP-B2", "2.4-15", "A", b""), "version"),
        (lambda: build_image("FP-B2", "2.4.1", ["A" * 16, "B" * 16], b""), "hardware"),
        (lambda: build_image("ФП", "2.4.1", "A", b""), "product"),
        (lambda: build_image("FP-B2", "2.4.1", "", b""), "hardware"),
    ],
)
def test_no_image_is_built_that_would_be_refused(build: Callable[[], bytes], field: str) -> None:
    with pytest.raises(HeaderFieldError, match=field):
        build()


def _header() -> ImageHeader:
    header = inspect(io.BytesIO(IMAGE), FORMATS)
    assert isinstance(header, ImageHeader)
    return header


@pytest.mark.parametrize("hardware", [["A", "B"], ["B"], []])
def test_a_header_agrees_with_the_same_or_fewer_revisions(hardware: list[str]) -> None:
    check_against(_header(), "FP-B2", Version.parse("2.4.1"), hardware)


@pytest.mark.parametrize(
    ("product", "version", "hardware", "details"),
    [
        ("FP-C5", "2.4.1", "A", {"field": "product", "said": "FP-C5", "found": "FP-B2"}),
        ("FP-B2", "2.4.2", "A", {"field": "version", "said": "2.4.2", "found": "2.4.1"}),
        ("FP-B2", "2.4.1.0", "A", {"field": "version", "said": "2.4.1.0", "found": "2.4.1"}),
        ("FP-B2", "2.4.1", "CA", {"field": "hardware", "said": "A,C", "found": "A,B"}),
    ],
)
def test_a_header_that_contradicts_the_publisher_is_refused(
    product: str, version: str, hardware: str, details: dict[str, str]
) -> None:
    with pytest.raises(HeaderContradictsError) as refusal:
        check_against(_header(), product, Version.parse(version), hardware)

    assert refusal.value.details == details
    assert details["said"] in refusal.value.text("ru")
    assert details["found"] in refusal.value.text("en")
