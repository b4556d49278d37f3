"""What a picture's first bytes tell: how much is held until it is whole, and where a walk ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from storage.picture_heads import PictureHeadError, held_bytes, scale_within
from tests.large_pictures import saved

SIZE = (160, 96)
POINTS = 160 * 96


@pytest.mark.parametrize(
    ("mode", "sampling", "each"), [("RGB", 0, 6), ("RGB", 1, 4), ("RGB", 2, 3), ("L", 0, 2)]
)
def test_of_a_progressive_jpeg_every_sample_is_held(mode: str, sampling: int, each: int) -> None:
    picture = Image.new(mode, SIZE)
    plain = held_bytes(saved(picture, subsampling=sampling))
    progressive = held_bytes(saved(picture, subsampling=sampling, progressive=True))
    assert plain < 4096
    assert each * POINTS <= progressive < each * POINTS + 4096


@pytest.mark.parametrize(
    ("size", "points", "scale"),
    [((100, 50), 5000, 1), ((101, 50), 5000, 2), ((16_384, 12_288), 4_000_000, 8)],
)
def test_the_scale_is_the_smallest_that_fits(
    size: tuple[int, int], points: int, scale: int
) -> None:
    assert scale_within(*size, points) == scale


def test_what_does_not_fit_at_an_eighth_does_not_fit() -> None:
    assert scale_within(65_000, 65_000, 1_000_000) is None


@given(st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a", b""]), st.binary())
def test_any_bytes_have_a_head_or_none(begin: bytes, rest: bytes) -> None:
    try:
        assert held_bytes(begin + rest) >= 0
    except PictureHeadError:
        assert begin
