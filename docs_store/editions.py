"""Published editions as the outside sees them, and which one a reader is offered. Pure.

An edition says which firmware it applies to. The offer is open about its two compromises: an
edition for other firmware, and one in another language than the reader's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from catalogue.versions import BadVersionError, Stage, Version
from docs_store.kinds import Kind
from docs_store.naming import Language, version_key
from storage.refusals import RefusedError


class BadFirstFirmwareError(BadVersionError):
    field = "applies_from"


class BadLastFirmwareError(BadVersionError):
    field = "applies_to"


class EmptyRangeError(RefusedError):
    code = "empty-firmware-range"
    field = "applies_to"
    ru = "Издание не подходит ни к одной прошивке: {first} новее {last}."
    en = "The edition applies to no firmware: {first} is newer than {last}."


@dataclass(frozen=True)
class FirmwareRange:
    """The firmware from `first` to `last`, both included; None is open on that side."""

    first: Version | None = None
    last: Version | None = None

    @classmethod
    def parse(cls, first: str | None, last: str | None) -> "FirmwareRange":
        """The range between two written versions; raises BadVersionError or EmptyRangeError."""
        parsed = cls(_bound(first, BadFirstFirmwareError), _bound(last, BadLastFirmwareError))
        if parsed.first is not None and parsed.last is not None and parsed.last < parsed.first:
            raise EmptyRangeError(first=parsed.first, last=parsed.last)
        return parsed

    def holds(self, firmware: Version) -> bool:
        """Whether `firmware` lies in the range; beside a bound 2.4, 2.4-rc1 and 2.4+15 are 2.4."""
        begun = self.first is None or _beside(self.first, firmware) >= self.first
        ended = self.last is not None and _beside(self.last, firmware) > self.last
        return begun and not ended


@dataclass(frozen=True)
class PublishedEdition:
    """One edition of a document: a file of `size` bytes in one language, never changed.

    A withdrawn one is offered to nobody and is still named, with the reason.
    """

    slug: str
    kind: Kind
    title: str
    language: Language
    version: str
    file_name: str
    size: int
    sha256: str
    content_type: str
    applies_from: str | None
    applies_to: str | None
    published_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_reason: str = ""

    @property
    def path(self) -> str:
        """The name that mirrors and tools know the file by."""
        return edition_path(self.slug, self.language, self.version, self.file_name)

    @property
    def url(self) -> str:
        """The path-absolute address of the bytes, the same in every language of the site."""
        return "/" + quote(self.path)

    @property
    def applies(self) -> FirmwareRange:
        return FirmwareRange.parse(self.applies_from, self.applies_to)


@dataclass(frozen=True)
class EditionOffer:
    """The edition offered for a firmware: `fits` is None when no firmware was asked about."""

    edition: PublishedEdition
    fits: bool | None
    asked_language: str

    @property
    def in_asked_language(self) -> bool:
        return self.edition.language == self.asked_language


def edition_path(slug: str, language: str, version: str, file_name: str) -> str:
    """`docs/<slug>/<lang>/<version>/<filename>`."""
    return f"docs/{slug}/{language}/{version}/{file_name}"


def newest_first(editions: Iterable[PublishedEdition]) -> list[PublishedEdition]:
    """By edition number, then by the day of publishing."""
    return sorted(editions, key=_age, reverse=True)


def latest(editions: Iterable[PublishedEdition], language: str) -> PublishedEdition | None:
    """The newest edition in exactly this language."""
    return next(iter(newest_first(e for e in editions if e.language == language)), None)


def offer(
    editions: Iterable[PublishedEdition], firmware: Version | None, language: str
) -> EditionOffer | None:
    """The edition of one document to offer a reader of `language`; None without editions.

    An edition for this firmware in another language goes before one for other firmware in the
    reader's: wrong steps help nobody. Then the reader's language, then Russian, then the newest.
    """
    offers = [
        EditionOffer(edition, edition.applies.holds(firmware) if firmware else None, language)
        for edition in newest_first(editions)
    ]
    return max(offers, key=_preference, default=None)


def _preference(offered: EditionOffer) -> tuple[bool, bool, bool]:
    russian = offered.edition.language == Language.RU
    return offered.fits is not False, offered.in_asked_language, russian


def _age(edition: PublishedEdition) -> tuple[object, datetime]:
    return version_key(edition.version), edition.published_at


def _bound(text: str | None, refusal: type[BadVersionError]) -> Version | None:
    try:
        return Version.parse(text) if text else None
    except BadVersionError as error:
        raise refusal(**error.details) from None


def _beside(bound: Version, firmware: Version) -> Version:
    """`firmware` as a bound sees it: for a plain release its candidates and builds are it."""
    if bound.is_prerelease or bound.build:
        return firmware
    return replace(firmware, stage=Stage.RELEASE, stage_number=0, build=0)
