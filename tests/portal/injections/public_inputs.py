"""Every place of a request to a public address that takes text, found by the table of routes.

The parts of an address are its route's; the names of a query and of a form are those that the view
reads while it is asked, and those of the forms on the pages.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from accounts import access
from tests.portal.injections.page_forms import PageForm, forms_of
from tests.portal.injections.stocked_places import Places
from tests.sqlmap import Attempt

#: Compared with the session's own before any view is asked.
TOKEN = "csrf_token"
#: Another for each request, unless it is the one tried: what makes a form sent twice one.
ONCE = frozenset({"form_key"})
#: Also another, as few wrong tries are looked at for one phone and for one person. One statement
#: asks for the phone and for what is typed beside it, so it changes nothing that there is none.
ANEW = {
    "support.answer_check": ONCE | {"serial"},
    "accounts.begin_session": ONCE | {"login"},
}
_LANGUAGE = re.compile(r"^/(?:ru|en)(?=/)")


class _Noted(ImmutableMultiDict[str, str]):
    """A query or a form that notes which of its names it was asked for."""

    read: set[str] = set()  # noqa: RUF012 - one for all: whoever asks clears it before

    def __getitem__(self, key: str) -> str:
        self.read.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def getlist(self, key: str, *more: object, **named: object) -> list[str]:  # type: ignore[override]  # as it is called
        self.read.add(key)
        return super().getlist(key, *more, **named)


def noting(app: Flask) -> None:
    """Note from now on what views read of queries and forms."""
    more = {"parameter_storage_class": _Noted}
    app.request_class = type("NotingRequest", (app.request_class,), more)


def public_rules(app: Flask) -> Sequence[Rule]:
    """Every route that asks nobody who they are; a site's collector shows its token inside."""
    found = []
    for rule in app.url_map.iter_rules():
        stated = access.rule_of(app, rule.endpoint)
        if stated is not None and stated.roles is None and stated.name != "collector":
            found.append(rule)
    return found


@dataclass(frozen=True)
class Finder:
    app: Flask
    client: FlaskClient
    places: Places

    def address(self, rule: Rule, *, marked: bool = False) -> str:
        """Where a route's thing is; with a mark after each part that takes any text."""
        known = self.places.of(rule.endpoint)
        values = {name: known[name] for name in rule.arguments}
        if marked:
            for name in textual(rule):
                values[name] = "/".join(f"{part}*" for part in str(values[name]).split("/"))
        built = rule.build(values)
        assert built is not None, rule
        return built[1]

    def attempts(self) -> Iterator[Attempt]:
        """By paths, by queries, by forms."""
        rules = public_rules(self.app)
        seen: dict[str, list[PageForm]] = {}
        for rule in (one for one in rules if "GET" in (one.methods or ())):
            if textual(rule):
                yield Attempt(self.address(rule, marked=True))
            for form in self._forms(self.address(rule)):
                seen.setdefault(self._leads_to(form), []).append(form)
        for rule in rules:
            if "GET" in (rule.methods or ()):
                yield from self._by_query(rule, seen.get(f"GET {rule.endpoint}", ()))
            elif "POST" in (rule.methods or ()):
                if textual(rule):
                    yield self._by_form_path(rule)
                yield from self._by_form(rule, seen.get(f"POST {rule.endpoint}", ()))

    def _forms(self, address: str) -> Iterable[PageForm]:
        with self.client.get(address) as page:
            made = forms_of(page.get_data(as_text=True)) if page.mimetype == "text/html" else []
        return [PageForm(one.method, urljoin(address, one.action), one.fields) for one in made]

    def _leads_to(self, form: PageForm) -> str:
        path = _LANGUAGE.sub("", urlsplit(form.action).path)
        adapter = self.app.url_map.bind("localhost")
        return f"{form.method} {adapter.match(path, method=form.method)[0]}"

    def _by_query(self, rule: Rule, forms: Iterable[PageForm]) -> Iterator[Attempt]:
        names = {name for form in forms for name in form.fields}
        address = self.address(rule)
        # Twice: what is asked for may depend on what was told.
        for _ in range(2):
            _Noted.read.clear()
            told = {name: self._typed(name, forms) for name in sorted(names)}
            self.client.get(address, query_string=told).close()
            names |= _Noted.read
        if names:
            query = "&".join(f"{name}={self._typed(name, forms)}" for name in sorted(names))
            yield Attempt(f"{address}?{query}", tuple(sorted(names)))

    def _by_form_path(self, rule: Rule) -> Attempt:
        return Attempt(self.address(rule, marked=True), form=self._proof(), cookie=self._cookie())

    def _by_form(self, rule: Rule, forms: Iterable[PageForm]) -> Iterator[Attempt]:
        names = {name for form in forms for name in form.fields}
        for _ in range(2):
            _Noted.read.clear()
            told = {name: self._typed(name, forms) for name in sorted(names)} | self._proof()
            self.client.post(self.address(rule), data=told).close()
            names |= _Noted.read
        names -= {TOKEN}
        told = {name: self._typed(name, forms) for name in sorted(names)} | self._proof()
        anew = names & ANEW.get(rule.endpoint, ONCE)
        for tried in (names - anew, anew):
            if tried:
                others, cookie = tuple(sorted(anew - tried)), self._cookie()
                chosen = tuple(sorted(tried))
                yield Attempt(self.address(rule), chosen, told, cookie=cookie, anew=others)

    def _typed(self, name: str, forms: Iterable[PageForm]) -> str:
        shown = next((form.fields[name] for form in forms if form.fields.get(name)), "1")
        return self.places.typed.get(name, shown)

    def _proof(self) -> dict[str, str]:
        """The token that belongs to the session of this client."""
        page = forms_of(self.client.get("/login").text)
        return {TOKEN: next(form.fields[TOKEN] for form in page if TOKEN in form.fields)}

    def _cookie(self) -> str:
        found = self.client.get_cookie("flatpro")
        assert found is not None
        return f"flatpro={found.value}"


def textual(rule: Rule) -> list[str]:
    """The parts of an address that take any text: a number, or one of a list, is no text."""
    closed = (IntegerConverter, AnyConverter)
    return [name for name, one in rule._converters.items() if not isinstance(one, closed)]
