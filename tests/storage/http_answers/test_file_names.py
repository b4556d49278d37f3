"""Names for saving: Cyrillic survives, the ASCII reading is legible, nothing is ever a path."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from storage.http_answers.file_names import ascii_file_name, clean_file_name, content_disposition


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("Паспорт.pdf", "Pasport.pdf"),
        ("Руководство Flat Phone C5 v1.2.pdf", "Rukovodstvo Flat Phone C5 v1.2.pdf"),
        ("Съёмный щит — «Ёж» №5.txt", "Syomnyy shchit - 'Yozh' No5.txt"),
        ("Щука ЖЭК.bin", "Shchuka ZhEK.bin"),
        ("Қазақша ґанок.pdf", "Kazaksha ganok.pdf"),
        ("Über café.pdf", "Uber cafe.pdf"),
        ("手册.pdf", "__.pdf"),
        ("ъ", "file"),
        ("ъ..", "file"),
        ("a/b％2F.bin", "a_b_2F.bin"),
    ],
)
def test_the_ascii_reading_is_legible(name: str, readable: str) -> None:
    assert ascii_file_name(name) == readable


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("fw-2.4.1.bin", "fw-2.4.1.bin"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("C:\\temp\\fw.bin", "C:_temp_fw.bin"),
        ("a\r\nSet-Cookie: x=1\x00.bin", "a  Set-Cookie: x=1.bin"),
        ("gpj\u202ecod.exe", "gpjcod.exe"),
        ("half \ud800.bin", "half .bin"),
        ("  padded.bin ", "padded.bin"),
        ("..", "file"),
        ("", "file"),
    ],
)
def test_a_name_is_never_a_path_and_hides_nothing(name: str, clean: str) -> None:
    assert clean_file_name(name) == clean


def test_two_spellings_of_one_name_are_one() -> None:
    name = "Йод ёлка.pdf"
    composed, split = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    assert composed != split
    assert content_disposition(composed) == content_disposition(split)


def test_an_ascii_name_needs_one_form() -> None:
    assert content_disposition("fw 1.bin") == 'attachment; filename="fw 1.bin"'
    assert content_disposition("fw.bin", inline=True) == 'inline; filename="fw.bin"'


def test_quotes_and_percent_signs_stay_in_the_encoded_form() -> None:
    assert content_disposition('100% "real".bin') == (
        "attachment; filename=\"100_ 'real'.bin\"; filename*=UTF-8''100%25%20%22real%22.bin"
    )


@given(st.text())
def test_any_name_makes_one_safe_header_that_gives_it_back(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    kind, options = parse_options_header(header)
    assert kind == "attachment"
    assert options["filename"] == clean_file_name(name)
    assert not {"/", "\\"} & set(options["filename"])
    assert options["filename"].strip(".")
