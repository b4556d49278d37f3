"""The Range header (RFC 9110 §14.1.2, §14.2): which bytes a client asked for. Pure.

A header that makes no sense is ignored and the whole file is served: a phone that asked badly
still gets its image.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

MAX_RANGES = 16

_SPEC = re.compile(r"([0-9]*+)-([0-9]*+)")
# No file has 10^18 bytes, and int() refuses very long digit strings.
_MAX_DIGITS = 18
_BEYOND_ANY_FILE = 10**_MAX_DIGITS


@dataclass(frozen=True, order=True)
class ByteRange:
    """Bytes `first` to `last` of a file, both included, counted from 0."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def parse_range(header: str, size: int) -> tuple[ByteRange, ...] | None:
    """The ranges to send of a file of `size` bytes, in the client's order, none touching another.

    None means that the header is to be ignored: unknown unit, malformed, more than MAX_RANGES,
    or an empty file. An empty tuple means that none of the ranges lies in the file (416).
    """
    unit, _, text = header.partition("=")
    specs = [spec for part in text.split(",") if (spec := part.strip(" \t"))]
    if unit.strip(" \t").lower() != "bytes" or not 0 < len(specs) <= MAX_RANGES or size == 0:
        return None
    asked = [_parse_spec(spec) for spec in specs]
    found = [_clip(bounds, size) for bounds in asked if bounds is not None]
    if len(found) < len(asked):
        return None
    return _merged([piece for piece in found if piece is not None])


def _parse_spec(text: str) -> tuple[int | None, int | None] | None:
    """("0-9", "10-" or "-5") as two bounds; None when malformed."""
    match = _SPEC.fullmatch(text)
    if match is None or text == "-":
        return None
    first, last = (_number(digits) for digits in match.groups())
    if first is not None and last is not None and last < first:
        return None
    return first, last


def _number(digits: str) -> int | None:
    if not digits:
        return None
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _MAX_DIGITS else _BEYOND_ANY_FILE


def _clip(bounds: tuple[int | None, int | None], size: int) -> ByteRange | None:
    """The part of `bounds` that lies in the file; None when nothing does."""
    first, last = bounds
    if first is None:
        first, last = max(size - (last or 0), 0), None
    if first >= size:
        return None
    return ByteRange(first, size - 1 if last is None else min(last, size - 1))


def _merged(ranges: Sequence[ByteRange]) -> tuple[ByteRange, ...]:
    """Overlapping and adjacent ranges made one; each stands where its first member was named."""
    groups: list[tuple[int, ByteRange]] = []
    for place, piece in sorted(enumerate(ranges), key=itemgetter(1)):
        if groups and piece.first <= groups[-1][1].last + 1:
            named, before = groups.pop()
            joined = ByteRange(before.first, max(before.last, piece.last))
            groups.append((min(named, place), joined))
        else:
            groups.append((place, piece))
    return tuple(piece for _, piece in sorted(groups))
