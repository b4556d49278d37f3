from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from catalogue.versions import BadVersionError, Version
from docs_store import editions
from docs_store.editions import EmptyRangeError, FirmwareRange, PublishedEdition
from docs_store.kinds import Kind
from docs_store.naming import Language

EDITION = PublishedEdition(
    slug="b2-manual",
    kind=Kind.MANUAL,
    title="Руководство",
    language=Language.RU,
    version="1.0",
    file_name="Руководство Б2.pdf",
    size=10,
    sha256="0" * 64,
    content_type="application/pdf",
    applies_from=None,
    applies_to=None,
    published_at=datetime(2026, 11, 22, tzinfo=UTC),
)


def edition(
    version: str, language: str = "ru", first: str = "", last: str = ""
) -> PublishedEdition:
    return replace(
        EDITION,
        version=version,
        language=Language(language),
        applies_from=first or None,
        applies_to=last or None,
    )


OLD_RU = edition("1.0", last="2.3")
NEW_RU = edition("2.0", first="2.4")
OLD_EN = edition("1.0", "en", last="2.3")
NEW_EN = edition("2.0", "en", first="2.4")


@pytest.mark.parametrize(
    ("first", "last", "firmware", "holds"),
    [
        (None, None, "2.4", True),
        ("2.4", None, "2.4", True),
        ("2.4", None, "2.4.0", True),
        ("2.4", None, "2.3.9", False),
        ("2.4", None, "2.10", True),
        (None, "2.4", "2.4", True),
        (None, "2.4", "2.4.1", False),
        (None, "2.9", "2.10", False),
        ("2.0", "2.4", "2.2", True),
        ("2.4", "2.4", "2.4", True),
        ("2.5", None, "2.5-rc1", True),
        (None, "2.4.1", "2.4.1+15", True),
        (None, "2.4.1", "2.4.2-rc1", False),
        ("2.5-rc2", None, "2.5-rc1", False),
        ("2.5-rc2", None, "2.5-rc3", True),
        (None, "2.4.1+15", "2.4.1+16", False),
    ],
)
def test_range_includes_both_ends(
    first: str | None, last: str | None, firmware: str, holds: bool
) -> None:
    assert FirmwareRange.parse(first, last).holds(Version.parse(firmware)) is holds


@pytest.mark.parametrize(
    ("first", "last", "field"), [("2.x", None, "applies_from"), (None, "new", "applies_to")]
)
def test_bad_bound_is_refused_by_name(first: str | None, last: str | None, field: str) -> None:
    with pytest.raises(BadVersionError) as refusal:
        FirmwareRange.parse(first, last)
    assert refusal.value.field == field


def test_range_that_holds_nothing_is_refused() -> None:
    with pytest.raises(EmptyRangeError, match=r"2\.10.*2\.9"):
        FirmwareRange.parse("2.10", "2.9")


@pytest.mark.parametrize(
    ("firmware", "language", "expected", "fits"),
    [
        ("2.3", "ru", OLD_RU, True),
        ("2.4", "ru", NEW_RU, True),
        ("2.4", "en", NEW_EN, True),
        ("2.0", "en", OLD_EN, True),
        (None, "ru", NEW_RU, None),
    ],
)
def test_offer_is_the_edition_for_the_firmware_and_the_reader(
    firmware: str | None, language: str, expected: PublishedEdition, *, fits: bool | None
) -> None:
    running = Version.parse(firmware) if firmware else None
    offer = editions.offer([OLD_RU, NEW_RU, OLD_EN, NEW_EN], running, language)
    assert offer is not None
    assert (offer.edition, offer.fits, offer.in_asked_language) == (expected, fits, True)


def test_offer_for_firmware_nobody_wrote_about_is_the_latest_and_says_so() -> None:
    offer = editions.offer([edition("0.9", last="1.9"), OLD_RU], Version.parse("3.0"), "ru")
    assert offer is not None
    assert (offer.edition, offer.fits) == (OLD_RU, False)


def test_offer_in_a_missing_language_is_another_and_says_so() -> None:
    offer = editions.offer([OLD_RU, NEW_RU], Version.parse("2.4"), "en")
    assert offer is not None
    assert (offer.edition, offer.fits, offer.in_asked_language) == (NEW_RU, True, False)


def test_right_firmware_counts_more_than_the_readers_language() -> None:
    offer = editions.offer([OLD_RU, NEW_EN], Version.parse("2.4"), "ru")
    assert offer is not None
    assert (offer.edition, offer.fits, offer.in_asked_language) == (NEW_EN, True, False)


def test_without_editions_nothing_is_offered() -> None:
    assert editions.offer([], None, "ru") is None


def test_latest_is_the_highest_number_whenever_it_was_published() -> None:
    corrected = replace(edition("1.1"), published_at=EDITION.published_at + timedelta(days=9))
    assert editions.latest([NEW_RU, corrected, NEW_EN], "ru") == NEW_RU
    assert editions.latest([NEW_RU], "en") is None


def test_equal_numbers_are_ordered_by_day() -> None:
    later = replace(edition("1.00"), published_at=EDITION.published_at + timedelta(days=1))
    assert editions.latest([later, edition("1.0")], "ru") == later


def test_address_names_the_bytes_in_every_language_of_the_site() -> None:
    assert EDITION.path == "docs/b2-manual/ru/1.0/Руководство Б2.pdf"
    assert EDITION.url.startswith("/docs/b2-manual/ru/1.0/%D0%A0")
    assert EDITION.url.endswith("%D0%912.pdf")
    assert "#" not in replace(EDITION, file_name="a#b?c%.pdf").url
