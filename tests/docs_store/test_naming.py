import unicodedata

import pytest

from docs_store import naming
from docs_store.naming import (
    BadEditionVersionError,
    BadFileNameError,
    BadSlugError,
    BadTitleError,
    UnknownLanguageError,
)


@pytest.mark.parametrize("slug", ["b2", "b2-manual", "2026", "a" * 64])
def test_slug_is_lower_case_latin_with_dashes(slug: str) -> None:
    naming.check_slug(slug)


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "search",
        "B2",
        "б2",
        "b2_manual",
        "-b2",
        "b2-",
        "b2--x",
        "b2/x",
        "b2\n",
        "b2\0",
        "a" * 65,
    ],
)
def test_anything_else_is_no_slug(slug: str) -> None:
    with pytest.raises(BadSlugError):
        naming.check_slug(slug)


@pytest.mark.parametrize("version", ["1", "1.2", "2026-11", "3b", "1.0_draft", "9" * 32])
def test_edition_number_is_what_publishers_write(version: str) -> None:
    naming.check_version(version)


@pytest.mark.parametrize(
    "version", ["", "latest", "LATEST", "1..2", ".", "..", "1/2", "1.2а", "1 2", "1.2\n", "9" * 33]
)
def test_edition_number_fits_an_address_and_is_not_latest(version: str) -> None:
    with pytest.raises(BadEditionVersionError):
        naming.check_version(version)


RISING = ["1", "1.2", "1.9", "1.10", "2", "3", "3b", "3c", "4", "2025-12", "2026-02", "2026-11"]


def test_editions_sort_as_people_number_them() -> None:
    assert sorted(sorted(RISING), key=naming.version_key) == RISING


def test_languages_are_russian_and_english() -> None:
    assert [naming.parse_language(code) for code in ("ru", "en")] == ["ru", "en"]
    with pytest.raises(UnknownLanguageError) as refusal:
        naming.parse_language("de\x1b[31m")
    assert "de�[31m" in refusal.value.text("ru")


def test_title_is_one_trimmed_composed_line() -> None:
    decomposed = unicodedata.normalize("NFD", "  Новый  ")
    assert naming.clean_title(decomposed) == "Новый"


@pytest.mark.parametrize("title", ["", "   ", "a\nb", "a\x00b", "a\u202eb", "a\ud800b", "a" * 201])
def test_title_without_meaning_is_refused(title: str) -> None:
    with pytest.raises(BadTitleError):
        naming.clean_title(title)


@pytest.mark.parametrize(
    "name",
    ["Manual.pdf", "Руководство Б2 (ред. 2).pdf", "50% «а».pdf", "что?#&+.pdf", "ж" * 98 + ".pdf"],
)
def test_file_name_stays_as_it_is(name: str) -> None:
    assert naming.clean_file_name(name) == name


def test_name_from_a_mac_is_composed() -> None:
    assert naming.clean_file_name(unicodedata.normalize("NFD", "Ёлка й.pdf")) == "Ёлка й.pdf"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".htaccess",
        " a.pdf",
        "a.pdf ",
        "/etc/passwd",
        "../a.pdf",
        "C:\\a.pdf",
        "a\n.pdf",
        "a\x00.pdf",
        "a\x7f.pdf",
        "fdp.\u202eexe",
        "a\u200b.pdf",
        "a\u2028.pdf",
        "a\udcff.pdf",
        "ж" * 99 + ".pdf",
    ],
)
def test_name_with_a_path_or_what_no_eye_sees_is_refused(name: str) -> None:
    with pytest.raises(BadFileNameError) as refusal:
        naming.clean_file_name(name)
    refusal.value.text("ru").encode()


def test_refused_text_is_shown_in_part() -> None:
    assert naming.shown("a" * 64) == "a" * 64
    assert naming.shown("a" * 65) == "a" * 64 + "…"
