"""A walk through every page that a person is led to; forms are filled in, so that more pages come.

Half of the forms belong to something that somebody began: a breach on record, a sweep under way.
Whoever fills in each form once, as well as it can be done, meets many of them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.portal.long_texts.filling import filled_in
from tests.portal.long_texts.page_forms import Field, Page, PageForm, page_of

#: Of pages that differ only in what they are about.
EACH: Final = 3
#: What ends something, of which others would lead on, or ends the walk itself.
ENDS = re.compile(
    r"/(logout|disable|cancel|revoke|remove|withdraw|discard|end|stop|abort|close|void|lost|refuse"
    r"|run|scrub|withdraw-consent|undo/\d+)$"
)


@dataclass(frozen=True)
class Place:
    """A field that somebody may fill in: in which form, and who was shown it."""

    rule: str
    name: str
    person: str
    form: PageForm

    @property
    def key(self) -> tuple[str, bool, str]:
        """The same for the second and the twentieth line of a form."""
        return self.rule, self.form.posts, re.sub(r"\d+", "N", self.name)


@dataclass
class Walk:
    app: Flask
    people: Mapping[str, FlaskClient]
    places: dict[tuple[str, bool, str], Place] = field(default_factory=dict)
    #: Where forms lead that were met, those without a field too.
    rules: set[str] = field(default_factory=set)
    pages: Counter[str] = field(default_factory=Counter)
    #: Pages that lead on and did not come: who asked, where, and the status.
    failed: list[tuple[str, str, int]] = field(default_factory=list)
    _met: list[tuple[str, str, PageForm]] = field(default_factory=list)
    _sent: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._map = self.app.url_map.bind("flatpro.test")

    def rule(self, address: str, method: str) -> str | None:
        try:
            found = self._map.match(urlsplit(address).path, method=method, return_rule=True)
        except HTTPException:
            return None
        return str(found[0])

    def look_round(self) -> None:
        """Every page for each person, from the addresses that need no part to where links lead."""
        for person, client in self.people.items():
            seen: Counter[str] = Counter()
            done: set[str] = set()
            queue = [str(rule) for rule in self.app.url_map.iter_rules() if _begins(rule)]
            while queue:
                address = queue.pop(0).partition("#")[0]
                rule = self.rule(address, "GET")
                if rule is None or address in done or seen[rule] >= EACH:
                    continue
                done.add(address)
                seen[rule] += 1
                queue += self._read(person, address, client.get(address))

    def fill_in(self) -> None:
        """Send the forms that were met, each as its page shows it now."""
        met, self._met = self._met, []
        for person, page, form in met:
            rule, path = self.rule(form.address, "POST") or "", urlsplit(form.address).path
            if ENDS.search(path) or self._sent[rule] >= EACH or self._sent[path + person]:
                continue
            self._sent.update((rule, path + person))
            client = self.people[person]
            with client.get(page) as answer:
                shown = _html(page, answer)
            for one in [one for one in shown.forms if one.address == form.address][:1]:
                for body in filled_in(one):
                    answer = client.post(one.address, data=body)
                    self._read(person, one.address, answer)
                    if answer.status_code == 302:
                        break

    def _read(self, person: str, address: str, answer: TestResponse) -> list[str]:
        """The links of an answer; its forms are noted."""
        with answer:
            if answer.status_code >= 500:
                self.failed.append((person, address, answer.status_code))
            page = _html(address, answer)
            self.pages[str(answer.status_code)] += 1
        for form in (*page.forms, *_asked_by_links(page)):
            rule = self.rule(form.address, "POST" if form.posts else "GET")
            if rule is None:
                continue
            if form.posts:
                self.rules.add(rule)
                self._met.append((person, address, form))
            for one in form.fields:
                if one.takes_text:
                    place = Place(rule, one.name, person, form)
                    self.places.setdefault(place.key, place)
        return page.links


def _begins(rule: Rule) -> bool:
    return "GET" in (rule.methods or ()) and not rule.arguments


def _html(address: str, answer: TestResponse) -> Page:
    return page_of(address, answer.get_data(as_text=True) if answer.mimetype == "text/html" else "")


def _asked_by_links(page: Page) -> Iterator[PageForm]:
    """What a link asks of its page is a field, too: how a list is sorted, say."""
    for link in page.links:
        asked = parse_qsl(urlsplit(link).query)
        if asked and link.startswith("/"):
            fields = tuple(Field(name, "hidden", value) for name, value in asked)
            yield PageForm(urlsplit(link).path, posts=False, fields=fields)
