"""Labels on photos of 12 to 200 million points are read, in the memory that a picture may take."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from provision.labels import reading
from storage.refusals import RefusedError
from tests.large_pictures import MIB, PEAK, ROW, jpeg_of_rows, saved, written

MAC = "02F1A7000021"
MEMORY_MAX = 64 * MIB
#: Reads one photo as the decoder does, in a process of its own, and tells what that held.
LOOK = f"""
import json, sys, time
import zxingcpp
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from provision.labels import decoder
{PEAK}
Image.MAX_IMAGE_PIXELS = decoder.PIXELS_MAX
content = Path(sys.argv[1]).read_bytes()
before, began = begin(), time.process_time()
try:
    said = [one["text"] for one in decoder._codes(content, Image, zxingcpp)]
except decoder.HeavyPhotoError:
    said = "heavy"
print(json.dumps([said, time.process_time() - began, held("VmHWM") - before]))
"""


def test_two_labels_beside_each_other_are_two_and_one_on_a_seam_is_one() -> None:
    sheet = Image.new("L", (8000, 2600), 176)
    for place in ((1750, 1150), (2350, 1150), (6000, 300), (6000, 700)):
        sheet.paste(label(MAC, 2), place)
    found = reading.read(saved(sheet, "JPEG", quality=95), "a")
    places = sorted((round(code.x), round(code.y)) for code in found)
    half = label(MAC, 2).width / 2
    expected = [(1750 + half, 1200), (2350 + half, 1200), (6000 + half, 350), (6000 + half, 750)]
    assert [x for x, _ in places] == pytest.approx([x for x, _ in expected], abs=30)
    assert [y for _, y in places] == pytest.approx([y for _, y in expected], abs=60)


def label(text: str, bar: int) -> Image.Image:
    """A code whose thinnest bar is so many points wide."""
    made = memoryview(
        zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128).to_image(scale=bar)
    )
    return Image.frombytes("L", (made.shape[1], made.shape[0]), made.tobytes())


def photo(width: int, height: int, bar: int) -> bytes:
    """A photo of a grey wall with one label near its corner far below."""
    code = label(MAC, bar)
    empty = Image.new("RGB", (width, ROW), "#b0b0b0")
    rows = [empty] * (height // ROW)
    top = len(rows) - code.height // ROW - 20
    for number in range(-(-code.height // ROW)):
        row = empty.copy()
        part = code.crop((0, number * ROW, code.width, min((number + 1) * ROW, code.height)))
        row.paste(part, (width - code.width - 333, 0))
        rows[top + number] = row
    return jpeg_of_rows(rows)


def looked_at(content: bytes, folder: Path) -> tuple[list[str] | str, int]:
    file = written(folder, lambda: content)
    told = subprocess.run(
        [sys.executable, "-c", LOOK, str(file)],
        env=reading.ENVIRON,
        check=True,
        capture_output=True,
        text=True,
    )
    said, spent_s, grown = json.loads(told.stdout)
    print(f"S10: a label's photo: {said} after {spent_s:.1f} s, {grown / MIB:+.0f} MiB")  # noqa: T201
    return said, grown


@pytest.mark.parametrize(
    ("size", "bar"),
    # The thinnest bar is as wide as such a camera shows it from as far as one shows it at 12.
    [((4080, 3072), 2), ((8064, 6048), 3), ((16_384, 12_288), 6)],
    ids=["12", "48", "200"],
)
def test_proof_s10_a_label_on_a_large_photo_is_read_in_little_memory(
    size: tuple[int, int], bar: int, tmp_path: Path
) -> None:
    said, grown = looked_at(photo(*size, bar), tmp_path)
    assert said == [MAC]
    assert grown < MEMORY_MAX


def test_a_large_photo_goes_through_the_process_with_limits() -> None:
    [code] = reading.read(photo(8064, 6048, 3), "a")
    assert code.text == MAC
    assert code.x == pytest.approx(8064 - 333 - label(MAC, 3).width / 2, abs=50)


@pytest.mark.parametrize(
    ("form", "size", "more"),
    [
        ("PNG", (4000, 3000), {}),
        ("WEBP", (2000, 1500), {}),
        ("JPEG", (6000, 4000), {"progressive": True}),
    ],
)
def test_what_can_be_decoded_in_whole_alone_has_fewer_points(
    form: str, size: tuple[int, int], more: dict[str, object], tmp_path: Path
) -> None:
    content = saved(Image.new("RGB", size), form, **more)
    assert looked_at(content, tmp_path)[0] == "heavy"
    with pytest.raises(RefusedError) as refused:
        reading.read(content, "a")
    assert refused.value.code == "large-photo"
