"""S10: bombs of every kind the desk may be sent are refused at once, in little memory."""

import io
import json
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.large_pictures import MIB, PEAK, jpeg, png, resized, saved, written

SECOND_S = 1.0
MEMORY_MAX = 64 * MIB
#: Looks at one file in a process of its own: what it cost, and what it is taken for.
LOOK = f"""
import json, sys, time
from support.attachments.content import AttachmentError, inspect
{PEAK}
data = Path(sys.argv[1]).read_bytes()
before, began = begin(), time.process_time()
try:
    said = inspect("file", data).media_type
except AttachmentError as error:
    said = error.code
print(json.dumps([said, time.process_time() - began, held("VmHWM") - before]))
"""


def archive(fill: Callable[[zipfile.ZipFile], object]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        fill(file)
    return made.getvalue()


def link() -> bytes:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    return archive(lambda file: file.writestr(info, "/etc/passwd"))


def many(count: int) -> bytes:
    """A directory of so many entries, all of them the same empty file."""
    name = b"a"
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0) + name
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0
    )
    directory = (entry + name) * count
    shown = min(count, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, shown, shown, len(directory), len(local), 0)
    return local + directory + end


def of_pieces(count: int) -> bytes:
    """A JPEG of nothing but empty remarks."""
    return b"\xff\xd8" + b"\xff\xfe\0\2" * count


def of_remarks(count: int) -> bytes:
    """A PNG of remarks of a MiB of nothing, packed."""
    remark = b"a\0\0" + zlib.compress(bytes(MIB - 1), 9)
    return png(8, 8, 8, [(b"zTXt", remark)] * count)


def a_scan_for_each_colour() -> bytes:
    """A JPEG whose first scan holds one colour of three: nothing is whole before the last."""
    small = saved(Image.new("RGB", (16, 16)))
    return resized(small, 9000, 9000).replace(b"\xff\xda\0\x0c\3", b"\xff\xda\0\x08\1")


def behind_profiles() -> bytes:
    """A JPEG of 200 million points behind 9 MiB of what is said of its colours."""
    whole, body = jpeg(16_384, 12_288), bytes(0xFFFF)
    pieces = [
        b"\xff\xe2\xff\xfeICC_PROFILE\0" + bytes([number, 150]) + body[: 0xFFFE - 16]
        for number in range(1, 151)
    ]
    return whole[:2] + b"".join(pieces) + whole[2:]


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(3 * width * height))


def turned(picture: Image.Image, way_up: int) -> bytes:
    told = Image.Exif()
    told[0x0112] = way_up
    return saved(picture, exif=told)


BOMBS: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: archive(lambda file: file.writestr("a.log", bytes(200 * MIB))),
    "an archive in an archive": lambda: archive(
        lambda file: file.writestr("b.zip", archive(lambda inner: inner.writestr("a", "x")))
    ),
    "a path out": lambda: archive(lambda file: file.writestr("../../etc/cron.d/x", "x")),
    "a link": link,
    "100,000 entries": lambda: many(100_000),
    "as many entries as there is room for": lambda: many(300_000),
    "ten thousand million points": lambda: png(100_000, 100_000, 10),
    "forty-one million points": lambda: png(8200, 5000, 5000),
    "a JPEG of four thousand million points": lambda: resized(jpeg(64, 64), 65_000, 65_000),
    "a progressive JPEG of sixty million": lambda: resized(
        saved(Image.new("RGB", (16, 16)), progressive=True), 10_000, 6000
    ),
    "a scan for each colour": a_scan_for_each_colour,
    "a JPEG of pieces": lambda: of_pieces(3_900_000),
    "a JPEG of fill": lambda: b"\xff\xd8" + b"\xff" * 14 * MIB,
    "a PNG of pieces": lambda: png(8, 8, 8, [(b"abcd", b"")] * 1_300_000),
    "a PNG of remarks": lambda: of_remarks(60),
    "a GIF of pieces": lambda: b"GIF89a" + bytes(7) + b"!\xfe\0" * 5_000_000,
    "a GIF of one long piece": lambda: b"GIF89a" + bytes(7) + b"!\xfe" + b"\1a" * 7_000_000,
    "a WebP of twenty million points": lambda: saved(Image.new("L", (5000, 4000)), "WEBP"),
}
#: What people send: however large, it is taken in as little memory.
PICTURES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a photo of 12 million points": ("jpeg", lambda: jpeg(4080, 3072)),
    "a photo of 12 million points, upright": (
        "jpeg", lambda: turned(Image.new("RGB", (4032, 3024), "red"), 6),
    ),
    "a photo of 50 million points": ("jpeg", lambda: jpeg(8160, 6120)),
    "a photo of 200 million points": ("jpeg", lambda: jpeg(16_384, 12_288)),
    "a photo behind 9 MiB of profiles": ("jpeg", behind_profiles),
    "a progressive photo of 12 million points": (
        "jpeg", lambda: saved(Image.new("RGB", (4000, 3000), "red"), progressive=True),
    ),
    "a photo for print": ("jpeg", lambda: saved(Image.new("CMYK", (4000, 2500), 7))),
    "a photo of noise": ("jpeg", lambda: saved(noise(4000, 3000), quality=75)),
    "a screen of 14 million points": ("png", lambda: png(5120, 2800, 2800)),
    "a PNG of noise": ("png", lambda: saved(noise(2200, 2200), "PNG")),
    "a drawing in 256 colours": ("png", lambda: saved(Image.new("P", (4000, 2700), 3), "PNG")),
    "a GIF": ("png", lambda: saved(Image.new("P", (4000, 2700), 3), "GIF")),
    "a WebP": ("png", lambda: saved(Image.new("RGB", (1920, 1080), "red"), "WEBP")),
}  # fmt: skip


def looked_at(make: Callable[[], bytes], folder: Path) -> tuple[str, float, int]:
    """What it is taken for, the processor time in seconds, and the bytes that it grew by."""
    file = written(folder, make)
    told = subprocess.run(
        [sys.executable, "-c", LOOK, str(file)], check=True, capture_output=True, text=True
    )
    said, spent_s, grown = json.loads(told.stdout)
    assert list(folder.iterdir()) == [file]
    return said, spent_s, grown


@pytest.mark.parametrize("bomb", BOMBS)
def test_proof_s10_a_bomb_is_refused_at_once_in_little_memory(
    bomb: str, tmp_path: Path, leeway: float
) -> None:
    said, spent_s, grown = looked_at(BOMBS[bomb], tmp_path)
    print(f"S10: {bomb}: {said} after {spent_s:.2f} s, {grown / MIB:+.0f} MiB")  # noqa: T201
    assert said.startswith("attachment")
    assert spent_s < SECOND_S * leeway
    assert grown < MEMORY_MAX


@pytest.mark.parametrize("picture", PICTURES)
def test_proof_s10_a_picture_is_taken_in_as_little_memory(picture: str, tmp_path: Path) -> None:
    kind, make = PICTURES[picture]
    said, spent_s, grown = looked_at(make, tmp_path)
    print(f"S10: {picture}: {said} after {spent_s:.2f} s, {grown / MIB:+.0f} MiB")  # noqa: T201
    assert said == f"image/{kind}"
    assert grown < MEMORY_MAX
