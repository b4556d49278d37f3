"""Image formats are data: the shipped ones load, a broken one is named with its reason."""

from pathlib import Path

import pytest

from firmware.image_formats import SHIPPED_FORMATS, ImageFormatError, load_formats, parse_format

FLAT_PHONE = (SHIPPED_FORMATS / "flat_phone.toml").read_text(encoding="utf-8")


def test_the_shipped_formats_load() -> None:
    assert [known.name for known in load_formats()] == ["flat_phone"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("name = ", "name ", "Expected '='"),
        ("header_size = 256", "", "header_size: Field required"),
        ("header_size = 256", "header_size = 0", "header_size"),
        ("header_size = 256", "header_size = 200", "byte 255 lies behind the header"),
        (
            "header_size = 256",
            'header_size = "256"',
            "header_size: Input should be a valid integer",
        ),
        ("46 4c", "4g 4c", "magic: Value error, non-hexadecimal"),
        ('"46 4c 41 54 46 57 00 01"', "46", "magic: Value error, hex digits in quotes"),
        ('"46 4c 41 54 46 57 00 01"', '""', "magic"),
        ("46 4c 41 54 46 57 00 01", "46 4c 41 54 46 57 00 01 02", "byte 8 is given twice"),
        ("offset = 40", "offset = 39", "byte 39 is given twice"),
        ("offset = 40", "offset = -1", "fields.version.offset"),
        ("offset = 40", "Offset = 40", "fields.version"),
        ("offset = 96, length = 32", "offset = 96, length = 31", "a SHA-256 takes 32 bytes"),
        ('length = 8, kind = "uint-le"', 'length = 8, kind = "float"', "fields.payload_size.kind"),
        ('length = 8, kind = "uint-le"', 'length = 8, kind = "ascii"', "of kind uint-le"),
        ('hardware = { offset = 56, length = 32, kind = "ascii-list" }', "", "fields.hardware"),
        ("[fields]", "surprise = 1\n[fields]", "surprise: Extra inputs"),
    ],
)
def test_a_broken_description_is_refused_with_its_place(old: str, new: str, reason: str) -> None:
    assert old in FLAT_PHONE

    with pytest.raises(ImageFormatError) as refusal:
        parse_format("acme.toml", FLAT_PHONE.replace(old, new))

    assert "acme.toml" in refusal.value.text("ru")
    assert reason in refusal.value.text("en")


def test_a_description_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_bytes(b'name = "\xcf\xee"')

    with pytest.raises(ImageFormatError, match=r"acme\.toml"):
        load_formats(tmp_path)


def test_a_description_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").mkdir()

    with pytest.raises(ImageFormatError, match=r"acme\.toml"):
        load_formats(tmp_path)


@pytest.mark.parametrize("magic", ["46 4c 41 54 46 57 00 01", "46 4c 41 54"])
def test_two_formats_that_begin_alike_are_refused(tmp_path: Path, magic: str) -> None:
    (tmp_path / "a.toml").write_text(FLAT_PHONE)
    (tmp_path / "b.toml").write_text(FLAT_PHONE.replace("46 4c 41 54 46 57 00 01", magic))

    with pytest.raises(ImageFormatError, match=r"b\.toml .*same bytes as flat_phone"):
        load_formats(tmp_path)


def test_another_vendor_is_one_more_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(FLAT_PHONE)
    acme = FLAT_PHONE.replace("46 4c", "41 43").replace('"flat_phone"', '"acme"')
    (tmp_path / "acme.toml").write_text(acme)

    assert [known.name for known in load_formats(tmp_path)] == ["flat_phone", "acme"]
