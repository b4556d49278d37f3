"""What a picture's file says before its pixels, and what reading it will hold besides them. Pure.

A library walks the pieces of a file one by one before it can say anything: a file of nothing but
pieces is looked at here first, in a walk that ends. And a JPEG in one scan is read row by row, but
one in several (progressive, or a scan for each colour) is whole only at its end: until then two
bytes are held for each sample of it, however small the picture is to be drawn.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Past what cameras and editors write: profiles, previews and remarks of 64 KiB each.
JPEG_SEGMENTS_MAX = 2000
#: Editors write pixels in pieces of 8 KiB and more.
PNG_CHUNKS_MAX = 20_000
#: Pieces of 255 bytes before the first picture.
GIF_PIECES_MAX = 20_000
#: At which parts of its size a JPEG can be decoded without ever being whole.
SCALES = (1, 2, 4, 8)
#: Bytes between two pieces that belong to none.
_STRAY_MAX = 4096
#: Each piece is kept, and a profile in pieces is joined from copies of them.
_HEAD_COPIES = 3
_JPEG, _PNG, _GIF = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF8"
_MARKER = re.compile(rb"\xff([^\x00\xff])")
#: TEM and the restarts stand alone, without a length.
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SCAN, _END = 0xDA, 0xD9
_BLOCK = 8


class PictureHeadError(Exception):
    """The file does not come to its pixels, or not soon enough."""


@dataclass(frozen=True)
class _Frame:
    """The picture's size, and by how much each colour is sampled across and down."""

    width: int
    height: int
    samples: tuple[tuple[int, int], ...]
    progressive: bool

    @property
    def held_bytes(self) -> int:
        """Two bytes for each sample, in whole blocks."""
        across, down = (max(sides) for sides in zip(*self.samples, strict=True))
        return sum(
            2 * _BLOCK**2 * _blocks(self.width, one, across) * _blocks(self.height, other, down)
            for one, other in self.samples
        )


def held_bytes(content: bytes) -> int:
    """What reading this file holds besides file and pixels; raises PictureHeadError."""
    if content.startswith(_JPEG):
        return _of_jpeg(content)
    if content.startswith(_PNG):
        _walk_png(content)
    elif content.startswith(_GIF):
        _walk_gif(content)
    return 0


def scale_within(width: int, height: int, points_max: int) -> int | None:
    """The smallest scale at which a JPEG has no more points than these; None when none is."""
    return next((n for n in SCALES if -(-width // n) * -(-height // n) <= points_max), None)


def _of_jpeg(content: bytes) -> int:
    frame, head = None, 0
    for number, (marker, body) in enumerate(_segments(content)):
        head += len(body)
        if number > JPEG_SEGMENTS_MAX or marker == _END:
            break
        if marker in _FRAMES:
            frame = _frame(marker, body)
        elif marker == _SCAN and frame is not None and body:
            is_whole = body[0] == len(frame.samples) and not frame.progressive
            return _HEAD_COPIES * head + (0 if is_whole else frame.held_bytes)
    raise PictureHeadError


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    place = len(_JPEG)
    while found := _MARKER.search(content, place, place + _STRAY_MAX):
        marker, place = found[1][0], found.end()
        length = 0 if marker in _ALONE else int.from_bytes(content[place : place + 2], "big")
        yield marker, content[place + 2 : place + length]
        place += length


def _frame(marker: int, body: bytes) -> _Frame:
    """A frame's header (ITU-T T.81, B.2.2): precision, height, width, then three bytes a colour."""
    kinds = body[7::3]
    if not kinds or not all(kind >> 4 and kind & 15 for kind in kinds):
        raise PictureHeadError
    return _Frame(
        width=int.from_bytes(body[3:5], "big"),
        height=int.from_bytes(body[1:3], "big"),
        samples=tuple((kind >> 4, kind & 15) for kind in kinds),
        progressive=marker in _PROGRESSIVE,
    )


def _blocks(side: int, sampled: int, most: int) -> int:
    return -(-side * sampled // (most * _BLOCK))


def _walk_png(content: bytes) -> None:
    place = len(_PNG)
    for _ in range(PNG_CHUNKS_MAX):
        if place >= len(content):
            return
        # Beside its bytes a chunk has its length, its name and its sum.
        place += 12 + int.from_bytes(content[place : place + 4], "big")
    raise PictureHeadError


def _walk_gif(content: bytes) -> None:
    """Past the extensions before the first picture, each a label and pieces up to an empty one."""
    flags = content[10:11] or b"\0"
    place = 13 + (3 << (flags[0] & 7) + 1 if flags[0] & 0x80 else 0)
    for _ in range(GIF_PIECES_MAX):
        if content[place : place + 1] != b"!":
            return
        place = _past_pieces(content, place + 2)
    raise PictureHeadError


def _past_pieces(content: bytes, place: int) -> int:
    for _ in range(GIF_PIECES_MAX):
        length = content[place] if place < len(content) else 0
        place += 1 + length
        if not length:
            return place
    raise PictureHeadError
