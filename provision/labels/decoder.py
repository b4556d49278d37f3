"""The process that opens a photo and reads its codes: little memory, little time, no files.

A photo on its input, one JSON document on its output: {"codes": […]} or {"refused": why}. Run by
`reading.py`. Where a photo was taken and by which phone (EXIF) is never looked at.
"""

import importlib
import io
import json
import resource
import sys
import warnings
from typing import Any

MEMORY_BYTES = 1024**3
CPU_S = 20
PIXELS_MAX = 64_000_000
#: Enough for a label that fills a tenth of the photo; a second look takes all of it.
SIDE_FIRST = 3000
CODES_MAX = 200
TEXT_MAX = 1000
FORMATS = ("JPEG", "PNG", "WEBP")


def main() -> None:
    """Read one photo."""
    # Imported before the limits, which a library's start should not meet.
    import zxingcpp  # noqa: PLC0415
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    for name in ("Jpeg", "Png", "WebP"):
        importlib.import_module(f"PIL.{name}ImagePlugin")
    content = sys.stdin.buffer.read()
    _limit()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as photo:
            if photo.width * photo.height > PIXELS_MAX:
                answer: dict[str, Any] = {"refused": "pixels"}
            else:
                answer = {"codes": _codes(photo, zxingcpp)}
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        answer = {"refused": "picture"}
    sys.stdout.write(json.dumps(answer))


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def _codes(photo: Any, zxing: Any) -> list[dict[str, Any]]:
    """The codes of the photo made smaller; of all of it, where that shows none."""
    whole = photo.convert("L")
    smaller = whole.copy()
    smaller.thumbnail((SIDE_FIRST, SIDE_FIRST))
    found = zxing.read_barcodes(smaller)
    scale = whole.width / smaller.width
    if not found and smaller.size != whole.size:
        found, scale = zxing.read_barcodes(whole), 1.0
    return [
        {
            "format": one.format.name,
            "text": one.text[:TEXT_MAX],
            "x": (one.position.top_left.x + one.position.bottom_right.x) / 2 * scale,
            "y": (one.position.top_left.y + one.position.bottom_right.y) / 2 * scale,
        }
        for one in found[:CODES_MAX]
    ]


if __name__ == "__main__":
    main()
