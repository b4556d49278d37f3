"""H4: what a phone says about itself is words on each page and in each table, and no more."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from provision import checkins
from provision.checkins import Visit
from provision.devices.models import Reading
from provision.families.family import Family, TemplateName
from provision.families.formats import UnwritableValueError
from provision.models import CheckIn, CheckInKind
from provision.rendering import ConfigurationValues, render
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in
from tests.provision import hostile_phone
from tests.provision.estate import MAC
from tests.provision.hostile_phone import MARK, PAGES, WORDS
from tests.provision.test_rendering import CONFIGURATION, LINE, read_back

STORED_MAX = 4096


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


def test_proof_h4_what_a_phone_says_is_stored_short_and_its_control_characters_are_shown(
    installation: Installation, client: FlaskClient
) -> None:
    word = f"{MARK}\x1b[31m\u202e" + "\U0001f4de" * 100_000
    hostile_phone.build(installation, word)
    with installation.database.writing() as session:
        kind = CheckInKind.BOOTSTRAP
        said = Visit(now(), kind, word, "bootstrap", 200, "127.0.88.1", user_agent=word, mac=MAC)
        checkins.record_all(session, [said])
    with installation.database.reading() as session:
        told = [text for row in session.scalars(select(Reading)) for text in texts(row.facts)]
        for row in session.scalars(select(CheckIn)):
            told += [row.method, row.user_agent or ""]
    longest = max(len(text.encode()) for text in told)
    print(f"H4: a word of {len(word.encode())} bytes is stored in {longest} at most")  # noqa: T201
    assert sum(MARK in text for text in told) > 10
    assert longest <= STORED_MAX
    assert all(text.isprintable() for text in told)
    log_in(client)
    for address in (f"/staff/devices/{MAC}", "/staff/sweeps/1"):
        page = client.get(address).text
        assert f"{MARK}\\x1b[31m\\u202e" in page
        assert not {"\x1b", "\u202e"} & set(page)


def texts(value: object) -> Iterator[str]:
    """Every text inside of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def test_proof_h4_no_hostile_word_is_more_than_a_value_of_a_configuration(
    flat_phone: Family,
) -> None:
    plain = read_back(render(flat_phone, TemplateName.CONFIGURATION, with_word(MARK)))
    refused = 0
    for word in WORDS:
        try:
            body = render(flat_phone, TemplateName.CONFIGURATION, with_word(word))
        except UnwritableValueError:
            refused += 1
            continue
        told = read_back(body)
        assert {name: list(part) for name, part in told.items()} == {
            name: list(part) for name, part in plain.items()
        }
        assert told["sip.1"]["display_name"] == told["sip.1"]["password"] == word
    print(  # noqa: T201
        f"H4: {len(WORDS)} hostile words in a configuration: {refused} refused, the others values"
    )
    assert 0 < refused < len(WORDS) / 2


def with_word(word: str) -> ConfigurationValues:
    return replace(CONFIGURATION, lines=[replace(LINE, display_name=word, password=word)])
