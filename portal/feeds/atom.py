"""Atom feeds (RFC 4287) as bytes, from plain entries. Pure: the same entries are the same bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

NAMESPACE = "http://www.w3.org/2005/Atom"
CONTENT_TYPE = "application/atom+xml; charset=utf-8"
#: What XML 1.0 cannot hold at all; notes are typed by people and pasted from anywhere.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Enclosure:
    """A file that an entry is about; `size` in bytes."""

    url: str
    content_type: str
    size: int


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `id` is an IRI that never changes, `url` a page for people."""

    id: str
    title: str
    url: str
    updated: datetime
    summary: str
    category: str
    enclosure: Enclosure | None = None


@dataclass(frozen=True)
class Feed:
    """The newest entries first; `url` is the feed's own address, `page` the page it goes with."""

    id: str
    title: str
    language: str
    url: str
    page: str
    author: str
    updated: datetime
    entries: Sequence[Entry]


def rendered(feed: Feed) -> bytes:
    """The feed's document in UTF-8."""
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_name("feed"), {"{http://www.w3.org/XML/1998/namespace}lang": feed.language})
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    _text(root, "updated", _instant(feed.updated))
    _text(ET.SubElement(root, _name("author")), "name", feed.author)
    _link(root, "self", feed.url, "application/atom+xml")
    _link(root, "alternate", feed.page, "text/html")
    for entry in feed.entries:
        _entry(root, entry)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _entry(root: ET.Element, entry: Entry) -> None:
    made = ET.SubElement(root, _name("entry"))
    _text(made, "id", entry.id)
    _text(made, "title", entry.title)
    _text(made, "updated", _instant(entry.updated))
    _link(made, "alternate", entry.url, "text/html")
    ET.SubElement(made, _name("category"), {"term": entry.category})
    if entry.enclosure is not None:
        link = _link(made, "enclosure", entry.enclosure.url, entry.enclosure.content_type)
        link.set("length", str(entry.enclosure.size))
    _text(made, "summary", entry.summary)


def _link(parent: ET.Element, relation: str, url: str, content_type: str) -> ET.Element:
    return ET.SubElement(
        parent, _name("link"), {"rel": relation, "href": url, "type": content_type}
    )


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _name(name)).text = _UNSPEAKABLE.sub("�", text)


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
