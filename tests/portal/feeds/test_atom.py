"""Feeds are valid Atom whatever people typed, and one address is one sequence of bytes."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from portal.feeds.atom import NAMESPACE, Enclosure, Entry, Feed, rendered

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
ATOM = f"{{{NAMESPACE}}}"


def feed(title: str, summary: str) -> Feed:
    file = Enclosure("http://flatpro.test/a", "application/octet-stream", 5)
    entry = Entry("tag:x,2026:1", title, "http://flatpro.test/", AT, summary, "FP-B2", file)
    return Feed(
        "tag:x,2026:f", title, "ru", "http://flatpro.test/feed.atom", "http://flatpro.test/",
        "FLAT-PRO", AT, (entry,),
    )  # fmt: skip


@given(st.text(), st.text())
def test_any_text_makes_a_well_formed_feed(title: str, summary: str) -> None:
    body = rendered(feed(title, summary))

    root = ET.fromstring(body)

    assert body == rendered(feed(title, summary))
    # RFC 4287, section 4.1: what each feed and entry must have, exactly once.
    for element in (root, root.find(f"{ATOM}entry")):
        assert element is not None
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "FLAT-PRO"
    assert root.findtext(f"{ATOM}updated") == "2026-11-22T10:00:00Z"
