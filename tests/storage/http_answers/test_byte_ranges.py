"""The Range header: right ranges, ignored nonsense, no text that breaks the parser."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.http_answers.byte_ranges import MAX_RANGES, ByteRange, parse_range

MANY_NINES = "9" * 6000

IGNORED = [
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=,",
    "bytes=abc",
    "bytes=9-0",
    "bytes=0-9,abc",
    "bytes=0 - 9",
    "bytes=--5",
    "bytes=+1-5",
    "bytes=1_0-20",
    "bytes=٣-٥",
    "bytes 0-9",
    "items=0-5",
    "=0-5",
    "bytes=0x0-0x9",
    "bytes=" + ",".join(f"{i}-{i}" for i in range(MAX_RANGES + 1)),
]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", [(0, 9)]),
        ("BYTES=0-9", [(0, 9)]),
        ("bytes=90-", [(90, 99)]),
        ("bytes=-5", [(95, 99)]),
        ("bytes=-99999", [(0, 99)]),
        ("bytes=0-99999", [(0, 99)]),
        ("bytes=0000-0000", [(0, 0)]),
        (f"bytes=-{MANY_NINES}", [(0, 99)]),
        (f"bytes=7-{MANY_NINES}", [(7, 99)]),
        ("bytes=0-0,-1", [(0, 0), (99, 99)]),
        ("bytes= 0-9 ,\t20-29", [(0, 9), (20, 29)]),
        ("bytes=,,0-9,,", [(0, 9)]),
        ("bytes=20-29,0-9", [(20, 29), (0, 9)]),
        ("bytes=0-9,10-19", [(0, 19)]),
        ("bytes=0-9,11-19", [(0, 9), (11, 19)]),
        ("bytes=0-99,10-20", [(0, 99)]),
        ("bytes=50-59,0-9,55-70", [(50, 70), (0, 9)]),
        ("bytes=55-70,0-9,50-59", [(50, 70), (0, 9)]),
        ("bytes=0-9,100-", [(0, 9)]),
        ("bytes=100-", []),
        ("bytes=-0", []),
        ("bytes=100-,-0", []),
        (f"bytes={MANY_NINES}-", []),
    ],
)
def test_ranges_of_100_bytes(header: str, expected: list[tuple[int, int]]) -> None:
    assert parse_range(header, 100) == tuple(ByteRange(*bounds) for bounds in expected)


@pytest.mark.parametrize("header", IGNORED)
def test_a_header_that_makes_no_sense_is_ignored(header: str) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=0-9", "bytes=-5", "bytes=5-", "bytes=abc"])
def test_an_empty_file_has_no_ranges(header: str) -> None:
    assert parse_range(header, 0) is None


def test_as_many_ranges_as_allowed_are_kept() -> None:
    header = "bytes=" + ",".join(f"{i}-{i}" for i in range(0, 2 * MAX_RANGES, 2))
    ranges = parse_range(header, 100)
    assert ranges is not None
    assert len(ranges) == MAX_RANGES


numbers = st.one_of(st.integers(0, 60), st.integers(0, 1 << 70)).map(str)
specs = st.one_of(
    st.builds("{}-{}".format, numbers, numbers),
    st.builds("{}-".format, numbers),
    st.builds("-{}".format, numbers),
)
range_headers = st.lists(specs, max_size=20).map(lambda parts: "bytes=" + ",".join(parts))
any_text = st.one_of(range_headers, st.text(), st.text().map("bytes={}".format))


@given(header=any_text, size=st.one_of(st.integers(0, 50), st.integers(0, 1 << 40)))
@example(header="bytes=" + "," * 65_536, size=9)
@example(header="bytes=" + "0" * 65_536 + "-", size=9)
@example(header=" " * 65_536, size=9)
def test_whatever_is_asked_the_ranges_lie_apart_in_the_file(header: str, size: int) -> None:
    ranges = parse_range(header, size) or ()
    assert all(0 <= piece.first <= piece.last < size for piece in ranges)
    assert sum(piece.size for piece in ranges) <= size
    assert len(ranges) <= MAX_RANGES
    ordered = sorted(ranges)
    assert all(a.last + 1 < b.first for a, b in itertools.pairwise(ordered)), (
        "overlapping and adjacent ranges are one"
    )


@given(header=range_headers, size=st.integers(1, 60))
def test_exactly_the_bytes_asked_for_are_named(header: str, size: int) -> None:
    ranges = parse_range(header, size)
    if ranges is None:
        return
    asked: set[int] = set()
    for spec in header.removeprefix("bytes=").split(","):
        first, _, last = spec.partition("-")
        if not first:
            asked |= set(range(max(size - int(last), 0), size))
        else:
            asked |= set(range(int(first), min(int(last or size), size - 1) + 1))
    assert {place for piece in ranges for place in range(piece.first, piece.last + 1)} == asked
