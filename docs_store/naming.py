"""What documents and editions may be called: slugs, versions, languages, titles, files. Pure."""

import re
import unicodedata
from enum import StrEnum

from storage.refusals import RefusedError

MAX_SLUG = 64  # characters
MAX_VERSION = 32  # characters
MAX_TITLE = 200  # characters
MAX_FILE_NAME = 200  # bytes of UTF-8: file systems take 255
#: Other addresses under /docs/ have taken these.
RESERVED_SLUGS = ("search",)
RESERVED_VERSIONS = ("latest",)

_SHOWN = 64
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*")
_VERSION_PART = re.compile(r"[0-9]+|[a-z]+")


class BadSlugError(RefusedError):
    code = "bad-slug"
    field = "slug"
    ru = (
        "Краткое имя не подходит: нужны строчные латинские буквы, цифры и дефис, до 64 знаков; "
        "search занято."
    )
    en = (
        "The short name is unusable: it takes lower-case Latin letters, digits and dashes, "
        "64 at most; search is taken."
    )


class BadEditionVersionError(RefusedError):
    code = "bad-edition-version"
    field = "version"
    ru = "Номер издания не подходит. Годятся, например, 1.2, 2026-11, 3b: до 32 знаков, не latest."
    en = (
        "The edition number is unusable. These will do: 1.2, 2026-11, 3b; "
        "32 characters at most, not latest."
    )


class UnknownLanguageError(RefusedError):
    code = "unknown-language"
    field = "language"
    ru = "Языка «{text}» нет: есть ru и en."
    en = "There is no language “{text}”: there are ru and en."


class BadTitleError(RefusedError):
    code = "bad-title"
    field = "title"
    ru = "Название нужно: одна строка до 200 знаков, без управляющих символов."
    en = "A title is needed: one line of 200 characters at most, without control characters."


class BadFileNameError(RefusedError):
    code = "bad-file-name"
    field = "file"
    ru = (
        "Имя файла «{text}» не годится: до 200 байт, без пути, управляющих и невидимых знаков, "
        "не начинается с точки."
    )
    en = (
        "The file name “{text}” is unusable: 200 bytes at most, no path, no control or invisible "
        "characters, no dot at its start."
    )


class Language(StrEnum):
    RU = "ru"
    EN = "en"


def is_slug(text: str) -> bool:
    """Whether a document could have this slug: a part of its address that never changes."""
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


def check_slug(text: str) -> None:
    """Raise BadSlugError for what cannot be a new document's slug."""
    if not is_slug(text) or text in RESERVED_SLUGS:
        raise BadSlugError


def check_version(text: str) -> None:
    """Raise BadEditionVersionError for what cannot be an edition's number."""
    taken = text.lower() in RESERVED_VERSIONS
    if taken or len(text) > MAX_VERSION or not _VERSION.fullmatch(text):
        raise BadEditionVersionError


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts editions: numbers as numbers (1.9 < 1.10), a letter after its number (3 < 3b < 4)."""
    parts = _VERSION_PART.findall(version.lower())
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def parse_language(text: str) -> Language:
    """The language of this code; raises UnknownLanguageError."""
    if text not in set(Language):
        raise UnknownLanguageError(text=shown(text))
    return Language(text)


def clean_title(text: str) -> str:
    """A title composed (NFC) and trimmed; raises BadTitleError."""
    title = unicodedata.normalize("NFC", text).strip()
    if not title or len(title) > MAX_TITLE or _has_unseen(title):
        raise BadTitleError
    return title


def clean_file_name(text: str) -> str:
    """The name a file is published under, composed (NFC); raises BadFileNameError.

    A Mac sends «й» as two characters and Windows as one: composed, they are one address.
    """
    name = unicodedata.normalize("NFC", text)
    bad = not name or name != name.strip() or name.startswith(".") or _has_unseen(name)
    if bad or "/" in name or "\\" in name or len(name.encode()) > MAX_FILE_NAME:
        raise BadFileNameError(text=shown(text))
    return name


def shown(text: str) -> str:
    """Enough of a refused text to recognise it, harmless on a page and on a terminal."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "".join("�" if _is_unseen(char) else char for char in cut)


def _has_unseen(text: str) -> bool:
    return any(map(_is_unseen, text))


def _is_unseen(char: str) -> bool:
    # Cf holds the direction overrides that disguise a suffix, Cs what has no UTF-8 form.
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
