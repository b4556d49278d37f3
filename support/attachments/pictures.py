"""A picture drawn anew from its pixels alone, in no more memory than one is worth. Pure.

What it costs is reckoned before a point of it is decoded. A JPEG that would cost too much is
decoded at a half, a quarter or an eighth, which its format allows; no other format does, so a
picture too large for its kind is refused. Nothing of the file is kept but its pixels and, for a
photo, which way up they are shown: to turn them would take them twice.
"""

import io
import warnings
from dataclasses import dataclass

# Named, so that the first picture does not pay for loading them.
from PIL import (
    ExifTags,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from storage.picture_heads import PictureHeadError, held_bytes, scale_within

#: What one picture may hold at a time, its file as it is written anew included.
HELD_MAX = 56 * 1024**2
#: Cameras make up to 200 million. Even at an eighth each of them is read once.
JPEG_POINTS_MAX = 210_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
PLUGINS = (GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)
#: How the library holds a point; colours take four bytes even without a fourth.
_POINT_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2}
_COLOUR_BYTES = 4
#: Its decoder draws on two canvases, and hands over a copy of one beside what it reads it from.
_WEBP_POINT_BYTES = 20
#: They are written as they are; all else becomes colours first.
_KEPT_MODES = frozenset({"1", "L", "RGB", "RGBA"})

# The library's own bound warns at far less than a camera makes, and ours is kept before any point.
Image.MAX_IMAGE_PIXELS = JPEG_POINTS_MAX
# Remarks in a PNG are unpacked, of which nothing is kept.
PngImagePlugin.MAX_TEXT_MEMORY = 4 * 1024**2


class PictureError(Exception):
    """The file is no picture that can be opened."""


class HeavyPictureError(PictureError):
    """The picture has more points than its kind may have."""


@dataclass(frozen=True)
class Drawn:
    """A picture as it is kept."""

    ending: str
    media_type: str
    data: bytes


def redrawn(data: bytes) -> Drawn:
    """The pixels alone; raises PictureError."""
    try:
        beside = held_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                if isinstance(picture, JpegImagePlugin.JpegImageFile):
                    return _photo(picture, beside + len(data))
                return _drawing(picture, len(data))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise HeavyPictureError from error
    except (
        PictureHeadError, UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError,
        MemoryError, Warning,
    ) as error:  # fmt: skip
        raise PictureError from error


def _photo(picture: Image.Image, beside: int) -> Drawn:
    """A JPEG, as large as fits."""
    is_print = picture.mode == "CMYK"
    each = _each(picture.mode) + (_COLOUR_BYTES if is_print else 0)
    width, height = picture.size
    scale = scale_within(width, height, (HELD_MAX - beside) // each)
    if scale is None or width * height > JPEG_POINTS_MAX:
        raise HeavyPictureError
    if scale > 1:
        picture.draft(None, (max(1, width // scale), max(1, height // scale)))
    way_up = picture.getexif().get(ExifTags.Base.Orientation, 1)
    picture.load()
    bare = picture.convert("RGB") if is_print else picture
    made = io.BytesIO()
    _forget(bare)
    bare.save(made, "JPEG", quality=88, exif=_shown(way_up))
    return Drawn("jpg", "image/jpeg", made.getvalue())


def _drawing(picture: Image.Image, size: int) -> Drawn:
    """Any other picture, whole."""
    points = picture.width * picture.height
    each, copies = _each(picture.mode), 1
    if picture.format == "WEBP":
        each, copies = _WEBP_POINT_BYTES, 3
    if picture.mode not in _KEPT_MODES:
        each += _COLOUR_BYTES
    if points * each + copies * size > HELD_MAX:
        raise HeavyPictureError
    picture.load()
    # Only now is it known: a PNG may say so behind its pixels. It is turned where there is room.
    if points * (each + _COLOUR_BYTES) + copies * size <= HELD_MAX:
        ImageOps.exif_transpose(picture, in_place=True)
    bare: Image.Image = picture
    if picture.mode not in _KEPT_MODES:
        bare = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
    made = io.BytesIO()
    _forget(bare)
    bare.save(made, "PNG")
    return Drawn("png", "image/png", made.getvalue())


def _each(mode: str) -> int:
    return _POINT_BYTES.get(mode, _COLOUR_BYTES)


def _forget(picture: Image.Image) -> None:
    """What was said beside the pixels (profiles, remarks, places) is written by no format."""
    picture.info = {}


def _shown(way_up: object) -> bytes:
    """An EXIF of our own, of nothing but which way up the photo is shown; none for most."""
    if way_up not in range(2, 9):
        return b""
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = way_up
    return made.tobytes()
