"""What is kept of a picture: its points, the right way up, and nothing said beside them."""

import io

import pytest
from PIL import Image, PngImagePlugin

from support.attachments.content import AttachmentLargePictureError, AttachmentPictureError, inspect
from tests.large_pictures import jpeg, resized, saved

SAID = b"SECRET-PLACE"
WAY_UP, MAKER = 0x0112, 0x010F


def exif(way_up: int) -> Image.Exif:
    told = Image.Exif()
    told[WAY_UP] = way_up
    told[MAKER] = SAID.decode()
    return told


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_photo_is_shown_as_it_was_taken_and_says_nothing_else() -> None:
    picture = Image.new("RGB", (64, 32), "red")
    sent = saved(picture, exif=exif(6), icc_profile=SAID, comment=SAID, xmp=SAID)
    kept = inspect("дверь.jpg", sent)
    assert SAID in sent
    assert SAID not in kept.data
    assert dict(opened(kept.data).getexif()) == {WAY_UP: 6}
    assert opened(kept.data).size == (64, 32)


def test_a_photo_that_lies_straight_has_no_exif_at_all() -> None:
    kept = inspect("a.jpg", saved(Image.new("RGB", (64, 32)), exif=exif(1)))
    assert b"Exif" not in kept.data


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_drawing_is_turned_and_says_nothing_else(form: str) -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("place", SAID.decode())
    more = {"pnginfo": told} if form == "PNG" else {"xmp": SAID}
    sent = saved(Image.new("RGB", (64, 32)), form, exif=exif(6), icc_profile=SAID, **more)
    kept = inspect("a", sent)
    assert SAID in sent
    assert SAID not in kept.data
    assert b"eXIf" not in kept.data
    assert opened(kept.data).size == (32, 64)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_points_stay_what_they_were(mode: str) -> None:
    grey = Image.linear_gradient("L").resize((32, 32))
    picture = grey if mode == "I;16" else grey.convert(mode)
    if mode == "I;16":
        picture = Image.new("I;16", (32, 32), 40_000)
    kept = opened(inspect("a.png", saved(picture, "PNG")).data)
    assert kept.size == (32, 32)
    if mode != "I;16":
        shown = picture.convert("RGBA")
        assert kept.convert("RGBA").tobytes() == shown.tobytes()


@pytest.mark.parametrize(
    ("size", "kept"),
    [((4080, 3072), (4080, 3072)), ((8160, 6120), (4080, 3060)), ((16_384, 12_288), (4096, 3072))],
    ids=["12", "50", "200"],
)
def test_a_photo_is_kept_as_large_as_there_is_room_for(
    size: tuple[int, int], kept: tuple[int, int]
) -> None:
    assert opened(inspect("a.jpg", jpeg(*size)).data).size == kept


@pytest.mark.parametrize("cut", [3, 30, 700])
def test_a_broken_photo_is_called_damaged(cut: int) -> None:
    with pytest.raises(AttachmentPictureError):
        inspect("a.jpg", saved(Image.radial_gradient("L"))[:cut])


def test_a_photo_of_too_many_points_is_told_what_to_do() -> None:
    with pytest.raises(AttachmentLargePictureError) as refused:
        inspect("a.jpg", resized(jpeg(64, 64), 65_000, 65_000))
    assert "JPEG" in refused.value.text("ru")
