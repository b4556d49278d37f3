"""Values in what a phone's page says: JSON pointers, XPath or regular expressions (pure).

A page comes from a phone that may be hostile: XML with a document type (where entities are made)
is refused, and whatever cannot be read as its kind is a ValueError and nothing else.
"""

import json
import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from provision.families.family import HttpPage, PageFormat, Picker
from provision.readers.facts import LINES_MAX, LineFacts, clean

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class Document:
    """A page as it was read; `value` picks one value, `rows` the entries of a list."""

    def value(self, picker: Picker) -> str | None:
        raise NotImplementedError

    def rows(self, at: str) -> Sequence["Document"]:
        raise NotImplementedError


class JsonDocument(Document):
    def __init__(self, found: Json) -> None:
        self._found = found

    def value(self, picker: Picker) -> str | None:
        return picked(scalar(point(self._found, picker.at)), picker.pattern)

    def rows(self, at: str) -> Sequence[Document]:
        found = point(self._found, at)
        return [JsonDocument(one) for one in found[:LINES_MAX]] if isinstance(found, list) else []


class XmlDocument(Document):
    def __init__(self, found: ET.Element) -> None:
        self._found = found

    def value(self, picker: Picker) -> str | None:
        """The text of the first element; ./@name behind a path takes an attribute."""
        path, _, attribute = picker.at.partition("/@")
        element = self._found.find(path) if path not in {"", "."} else self._found
        if element is None:
            return None
        text = element.get(attribute) if attribute else element.text
        return picked(text, picker.pattern)

    def rows(self, at: str) -> Sequence[Document]:
        return [XmlDocument(one) for one in self._found.findall(at)[:LINES_MAX]]


class TextDocument(Document):
    def __init__(self, found: str) -> None:
        self._found = found

    def value(self, picker: Picker) -> str | None:
        return picked(self._found, picker.pattern)

    def rows(self, at: str) -> Sequence[Document]:
        """Each match of the expression `at` is a row."""
        matches = re.finditer(at, self._found)
        return [TextDocument(match[0]) for match, _ in zip(matches, range(LINES_MAX), strict=False)]


def read_document(body: bytes, kind: PageFormat) -> Document:
    """The page as its kind; ValueError or RecursionError for one that is not."""
    if kind is PageFormat.JSON:
        return JsonDocument(json.loads(body))
    if kind is PageFormat.TEXT:
        return TextDocument(body.decode("utf-8", "replace"))
    if _DOCTYPE.search(body):
        raise ValueError("a document type")
    try:
        return XmlDocument(ET.fromstring(body))  # noqa: S314 - no DTD, so no entities
    except ET.ParseError as error:
        raise ValueError("no XML") from error


def lines_of(document: Document, page: HttpPage) -> list[LineFacts]:
    """The SIP lines that a page lists."""
    if page.lines_at is None:
        return []
    return [_line(row, page) for row in document.rows(page.lines_at)]


def _line(row: Document, page: HttpPage) -> LineFacts:
    cells = {column: row.value(picker) for column, picker in page.line_fields.items()}
    return LineFacts(**{name: clean(cell) if cell else None for name, cell in cells.items()})


def picked(text: str | None, pattern: re.Pattern[str] | None) -> str | None:
    """The group `value` of the pattern in a text, or all of it where there is no pattern."""
    if text is None or pattern is None:
        return text
    match = pattern.search(text)
    return match["value"] if match else None


def point(document: Json, pointer: str) -> Json:
    """What a JSON pointer (RFC 6901) points at, or None for nothing there."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(key)
        elif isinstance(document, list) and key.isascii() and key.isdecimal():
            document = document[int(key)] if int(key) < len(document) else None
        else:
            return None
    return document


def scalar(value: Json) -> str | None:
    """A text or number as text; whole numbers without a fraction; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (
        str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    )
