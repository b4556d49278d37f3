"""The process that opens a photo and reads its codes: little memory, little time, no files.

A photo on its input, one JSON document on its output: {"codes": […]} or {"refused": why}. Run by
`reading.py`. Where a photo was taken and by which phone (EXIF) is never looked at.

A photo is only ever held in grey, a JPEG at the largest part of its size that there is room for: of
200 million points that is a half. Other formats can be decoded in whole alone, and have fewer.
"""

import importlib
import io
import json
import resource
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from storage.picture_heads import PictureHeadError, held_bytes, scale_within

MEMORY_BYTES = 512 * 1024**2
CPU_S = 20
#: Cameras make up to 200 million.
PIXELS_MAX = 210_000_000
#: What is held of a photo besides its file, a byte for each point in grey.
HELD_MAX = 48 * 1024**2
#: Of other formats than JPEG: four bytes in colours and one in grey; WebP is drawn on two canvases
#: besides, and its decoder copies both the file and what it made of it.
DRAWN_POINT_BYTES = {"PNG": 5, "WEBP": 20}
#: Enough for a label that fills a tenth of the photo; a second look takes all of it, in pieces.
SIDE_FIRST = 3000
PIECE, OVERLAP = 1800, 800
#: Of a code whose bars two pieces cut, each tells the middle of its own part.
SAME_PLACE = OVERLAP // 2
CODES_MAX = 200
TEXT_MAX = 1000
FORMATS = ("JPEG", "PNG", "WEBP")


class HeavyPhotoError(Exception):
    """The photo has more points than its format may have."""


def main() -> None:
    """Read one photo."""
    # Imported before the limits, which a library's start should not meet.
    import zxingcpp  # noqa: PLC0415 - see above
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - see above

    for name in ("Jpeg", "Png", "WebP"):
        importlib.import_module(f"PIL.{name}ImagePlugin")
    content = sys.stdin.buffer.read()
    _limit()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    try:
        answer: dict[str, Any] = {"codes": _codes(content, Image, zxingcpp)}
    except (HeavyPhotoError, Image.DecompressionBombError):
        answer = {"refused": "pixels"}
    except (PictureHeadError, UnidentifiedImageError, OSError, SyntaxError, ValueError):
        answer = {"refused": "picture"}
    sys.stdout.write(json.dumps(answer))


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def _codes(content: bytes, pillow: Any, zxing: Any) -> list[dict[str, Any]]:
    """The codes of the photo made smaller; of all of it, where that shows none."""
    beside = held_bytes(content)
    with pillow.open(io.BytesIO(content), formats=FORMATS) as photo:
        size = photo.size
        finest = _finest(photo, HELD_MAX - beside)
    first = finest
    while max(size) // (2 * first) >= SIDE_FIRST and first < 8:
        first *= 2
    smaller = _grey(content, pillow, first)
    smaller.thumbnail((SIDE_FIRST, SIDE_FIRST))
    found = list(_seen(smaller, zxing, (0, 0), size[0] / smaller.width))
    if found or smaller.width * finest >= size[0]:
        return found[:CODES_MAX]
    del smaller
    return _pieces(_grey(content, pillow, finest), zxing, finest)[:CODES_MAX]


def _finest(photo: Any, room: int) -> int:
    """At which part of its size there is room for the photo; raises HeavyPhotoError."""
    width, height = photo.size
    if width * height > PIXELS_MAX:
        raise HeavyPhotoError
    if photo.format in DRAWN_POINT_BYTES:
        each = 2 if photo.mode == "L" else DRAWN_POINT_BYTES[photo.format]
        if width * height * each > room:
            raise HeavyPhotoError
        return 1
    each = 5 if photo.mode == "CMYK" else 1
    scale = scale_within(width, height, room // each)
    if scale is None:
        raise HeavyPhotoError
    return scale


def _grey(content: bytes, pillow: Any, scale: int) -> Any:
    """The photo at this part of its size; its colours are gone when this returns."""
    with pillow.open(io.BytesIO(content), formats=FORMATS) as photo:
        if photo.format not in DRAWN_POINT_BYTES:
            width, height = photo.size
            photo.draft("L", (max(1, width // scale), max(1, height // scale)))
        photo.load()
        return photo if photo.mode == "L" else photo.convert("L")


def _pieces(whole: Any, zxing: Any, scale: int) -> list[dict[str, Any]]:
    """The codes of each piece; a code in two of them counts once."""
    found: list[dict[str, Any]] = []
    for left in _starts(whole.width):
        for top in _starts(whole.height):
            seen = _of_piece(whole, left, top, zxing, scale)
            # Two of one piece are two, however near.
            found += [one for one in seen if not any(_is_same(one, old, scale) for old in found)]
    return found


def _of_piece(whole: Any, left: int, top: int, zxing: Any, scale: int) -> list[dict[str, Any]]:
    width, height = min(PIECE, whole.width - left), min(PIECE, whole.height - top)
    # As bytes: the library would make two copies of a picture.
    cut = whole.crop((left, top, left + width, top + height)).tobytes()
    piece = memoryview(cut).cast("B", (height, width))
    # What is large or white on black was looked for in the whole photo made smaller.
    looks = {"try_downscale": False, "try_invert": False}
    return list(_seen(piece, zxing, (left * scale, top * scale), scale, **looks))


def _starts(side: int) -> range:
    """Where pieces begin, so that each code narrower than their overlap lies whole in one."""
    return range(0, max(1, side - OVERLAP), PIECE - OVERLAP)


def _is_same(one: dict[str, Any], other: dict[str, Any], scale: int) -> bool:
    return (
        (one["format"], one["text"]) == (other["format"], other["text"])
        and abs(one["x"] - other["x"]) < SAME_PLACE * scale
        and abs(one["y"] - other["y"]) < SAME_PLACE * scale
    )


def _seen(
    picture: Any, zxing: Any, corner: tuple[int, int], scale: float, **more: bool
) -> Iterator[dict[str, Any]]:
    """The codes on a picture that shows this part of a photo, with their places on the photo."""
    for one in zxing.read_barcodes(picture, **more):
        near, far = one.position.top_left, one.position.bottom_right
        yield {
            "format": one.format.name,
            "text": one.text[:TEXT_MAX],
            "x": corner[0] + (near.x + far.x) / 2 * scale,
            "y": corner[1] + (near.y + far.y) / 2 * scale,
        }


if __name__ == "__main__":
    main()
