"""Pictures of many points, made without ever holding one of them."""

import io
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image

MIB = 1024**2
#: A row of blocks of a JPEG whose colours are sampled at a half.
ROW = 16
#: Peaks of a process are its own from here on: what it was started from had a peak too.
PEAK = """
import re
from pathlib import Path

def held(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

def begin():
    Path("/proc/self/clear_refs").write_text("5")
    return held("VmRSS")
"""


def jpeg_of_rows(rows: Iterable[Image.Image]) -> bytes:
    """A JPEG of these rows of blocks from the top: each is drawn once, however often it comes."""
    made: dict[int, bytes] = {}
    head, scans = b"", []
    for row in rows:
        if id(row) not in made:
            head, made[id(row)] = _row(row)
        scans.append(made[id(row)])
    body = b"".join(
        scan + (b"\xff" + bytes([0xD0 + number % 8]) if number < len(scans) - 1 else b"")
        for number, scan in enumerate(scans)
    )
    return resized(head, None, ROW * len(scans)) + body + b"\xff\xd9"


def _row(row: Image.Image) -> tuple[bytes, bytes]:
    """What stands before the first row, and the row: by its own restart interval."""
    assert row.height == ROW
    out = io.BytesIO()
    row.save(out, "JPEG", quality=80, subsampling=2, restart_marker_rows=1)
    whole = out.getvalue()
    scan = whole.index(b"\xff\xda")
    begin = scan + 2 + int.from_bytes(whole[scan + 2 : scan + 4], "big")
    return whole[:begin], whole[begin:].removesuffix(b"\xff\xd9")


def jpeg(width: int, height: int) -> bytes:
    """A JPEG of one colour."""
    row = Image.new("RGB", (width, ROW), "#d9dee0")
    whole = jpeg_of_rows([row] * (-(-height // ROW)))
    return resized(whole, None, height)


def resized(content: bytes, width: int | None, height: int) -> bytes:
    """The JPEG with another size in its frame's header."""
    place = next(at for mark in (b"\xff\xc0", b"\xff\xc2") if (at := content.find(mark)) > 0)
    told = struct.pack(">H", height) + (struct.pack(">H", width) if width else b"")
    return content[: place + 5] + told + content[place + 5 + len(told) :]


def saved(picture: Image.Image, form: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def png(width: int, height: int, lines: int, chunks: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """A picture that says it is so large, with as many lines of it as are said."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    line = bytes(1 + 3 * width)
    body = b"".join(packer.compress(line) for _ in range(lines)) + packer.flush()
    parts = [(b"IHDR", head), *chunks, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def written(folder: Path, make: Callable[[], bytes]) -> Path:
    file = folder / "picture"
    file.write_bytes(make())
    return file
