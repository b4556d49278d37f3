"""H4: what a phone says about itself is words on each page and in each table, and no more."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from storage.installation import Installation
from tests.browserless import log_in
from tests.provision import hostile_phone
from tests.provision.hostile_phone import MARK, PAGES, WORDS


@pytest.fixture
def backend() -> str:
    return "sqlite"


class Elements(HTMLParser):
    """What of a page a browser would obey, if it holds the mark."""

    def __init__(self) -> None:
        super().__init__()
        self.obeyed: list[str] = []
        self.seen = 0
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        for name, value in attrs:
            if MARK in (value or "") and (
                name.startswith("on") or name in {"srcdoc", "style"} or is_code(value or "")
            ):
                self.obeyed.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.seen += data.count(MARK)
        if MARK in data and self._in in {"script", "style", "iframe"}:
            self.obeyed.append(f"{self._in}: {data}")


def is_code(address: str) -> bool:
    return address.strip().lower().startswith(("javascript:", "data:", "vbscript:"))


def test_proof_h4_no_word_of_a_phone_is_obeyed_by_a_page_or_a_table(
    installation: Installation, client: FlaskClient
) -> None:
    hostile_phone.build(installation, WORDS[0])
    log_in(client)
    told, seen = [], 0
    for word in WORDS:
        hostile_phone.say(installation, word)
        for address in PAGES:
            answer = client.get(address)
            text = answer.get_data(as_text=True)
            page = Elements()
            page.feed(text)
            seen += page.seen
            told += [(word[:40], address, what) for what in page.obeyed]
            if answer.status_code != 200 or re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
                told.append((word[:40], address, str(answer.status_code)))
        table = client.get("/staff/sweeps/1/results.csv").get_data(as_text=True)
        cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
        assert not [cell for cell in cells if cell.lstrip(" ﻿")[:1] in set("=+-@\t\r\n")]
        assert "\x1b" not in table
    print(f"H4: {len(WORDS)} hostile words on {len(PAGES)} pages and in a table, 0 obeyed")  # noqa: T201
    assert told == []
    assert seen > len(WORDS), "the pages show them"
