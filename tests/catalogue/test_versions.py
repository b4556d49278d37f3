"""The version scheme: what is a version, and which comes first."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue.versions
from catalogue.versions import MAX_LENGTH, BadVersionError, Version

RISING = (
    ("0.9",),
    ("1.9.9",),
    ("2.4-alpha1", "2.4alpha1", "2.4.0-alpha01"),
    ("2.4-alpha2",),
    ("2.4-beta1",),
    ("2.4-rc1+7",),
    ("2.4-rc2",),
    ("2.4-rc10",),
    ("2.4", "2.4.0", "2.04", "2.4.0.0+0"),
    ("2.4+1",),
    ("2.4+15", "2.4.0+015"),
    ("2.4.0.1",),
    ("2.4.1-rc1",),
    ("2.4.1",),
    ("2.4.2",),
    ("2.4.10",),
    ("5.20.1", "05.20.0001"),
    ("10.1.169.16",),
    ("124.85.257.55",),
)

NUMBER = st.integers(0, 12).map(str)
SUFFIX = st.sampled_from(["", "-alpha1", "beta2", "-rc1", "rc10", "-rc01"])
BUILD = st.sampled_from(["", "+0", "+2", "+15"])
TEXTS = st.builds(
    lambda numbers, suffix, build: ".".join(numbers) + suffix + build,
    st.lists(NUMBER, min_size=1, max_size=3),
    SUFFIX,
    BUILD,
).filter(lambda text: len(text) <= MAX_LENGTH)
VERSIONS = TEXTS.map(Version.parse)


def test_firmware_and_documents_share_one_scheme() -> None:
    assert catalogue.versions.Version is Version


def test_each_row_comes_before_the_next() -> None:
    rows = [[Version.parse(text) for text in row] for row in RISING]
    for lower, higher in pairwise(rows):
        assert all(one < other for one in lower for other in higher)


@pytest.mark.parametrize("row", [row for row in RISING if len(row) > 1], ids=str)
def test_spellings_of_one_version_are_equal_and_hash_alike(row: tuple[str, ...]) -> None:
    versions = {Version.parse(text) for text in row}

    assert len(versions) == 1
    assert len({Version.parse(text).canonical for text in row}) == 1


def test_nothing_comes_before_the_first_alpha_of_zero() -> None:
    assert Version.parse("0alpha0") < Version.parse("0.0") < Version.parse("0.0.1")


@given(VERSIONS, VERSIONS)
def test_two_versions_are_in_exactly_one_relation(one: Version, other: Version) -> None:
    assert [one < other, one == other, one > other].count(True) == 1
    assert (one <= other) == (one < other or one == other)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_transitive(one: Version, other: Version, third: Version) -> None:
    low, middle, high = sorted((one, other, third))

    assert low <= middle <= high
    assert low <= high
    assert (low == high) == (low == middle == high)


@given(VERSIONS, VERSIONS)
def test_equal_versions_share_hash_and_canonical_text_and_others_do_not(
    one: Version, other: Version
) -> None:
    assert (one == other) == (one.canonical == other.canonical)
    assert one != other or hash(one) == hash(other)


@given(TEXTS)
def test_a_version_is_printed_as_it_was_written(text: str) -> None:
    version = Version.parse(text)

    assert str(version) == text
    assert Version.parse(str(version)) == version
    assert Version.parse(version.canonical) == version


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0.0.0", "0"),
        ("2.4.0", "2.4"),
        ("05.20.0001", "5.20.1"),
        ("2.5-rc1", "2.5rc1"),
        ("2.5rc01+03", "2.5rc1+3"),
        ("1234567890123rc1", "1234567890123rc1"),
    ],
)
def test_the_canonical_text_has_no_zeros_to_spare(text: str, canonical: str) -> None:
    assert Version.parse(text).canonical == canonical


def test_only_alpha_beta_and_rc_are_prereleases() -> None:
    prereleases = [
        text for text in ("2.4", "2.4+1", "2.4-rc1") if Version.parse(text).is_prerelease
    ]

    assert prereleases == ["2.4-rc1"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "v2.4",
        "2.4 ",
        "2.4\n",
        "2..4",
        ".2.4",
        "2.4.",
        "2,4",
        "-1",
        "2.4-15",
        "2.4-rc",
        "2.4-RC1",
        "2.4.rc1",
        "2.4--rc1",
        "2.4-rc1-beta1",
        "2.4+",
        "2.4+a",
        "2.4+1+2",
        "2/4",
        "../2.4",
        "2.4/..",
        "2\\4",
        "2.4%2f",
        "stable",
        "testing",
        "manifest.json",
        "SHA256SUMS",
        "٢.٤",
        "²",
        "2.4\x00",
        "2.4.1.1.1.1.1.1.1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadVersionError):
        Version.parse(text)


@given(st.text())
def test_any_text_is_a_safe_version_or_refused(text: str) -> None:
    try:
        version = Version.parse(text)
    except BadVersionError:
        return
    assert str(version).isascii()
    assert not {"/", "\\", "%", " "} & set(str(version))
    assert ".." not in str(version)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_refusal_shows_a_hostile_text_without_its_control_characters(language: str) -> None:
    with pytest.raises(BadVersionError) as refusal:
        Version.parse("\x1b[2J" + "9" * 5000)

    shown = refusal.value.text(language)
    assert "\x1b" not in shown
    assert "999…" in shown
    assert len(shown) < 160
