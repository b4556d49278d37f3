"""The fields of forms that no page of the demo shows just now: those that their views ask for."""

import re
from collections.abc import Callable, Iterator

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict

from tests.portal.long_texts.page_forms import Field, PageForm

PARTS = {"mac": "02f1a7000001", "product": "FP-B2", "version": "2.4.1"}
_asked: set[str] = set()


class Asked(ImmutableMultiDict[str, str]):
    """What came in a form or a query; every name that is looked up is noted."""

    def __getitem__(self, key: str) -> str:
        _asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        _asked.add(str(key))
        return super().__contains__(key)

    def get(self, key: str, *more: object, **named: object) -> object:
        _asked.add(key)
        return super().get(key, *more, **named)  # type: ignore[call-overload]  # as it came

    def getlist(self, key: str, *more: object, **named: object) -> list[object]:
        _asked.add(key)
        return super().getlist(key, *more, **named)  # type: ignore[call-overload]  # as it came


def note_what_is_asked(app: Flask) -> None:
    class Noting(app.request_class):  # type: ignore[misc,name-defined]  # the app's own class
        parameter_storage_class = Asked

    app.request_class = Noting


def asked_of(
    client: FlaskClient, rule: str, token: str, after: Callable[[], None]
) -> Iterator[PageForm]:
    """The form behind an address, once its view asks for something: a filled field leads on."""
    address, names, more = _address_of(rule), set[str](), {"csrf_token"}
    while more:
        names |= more
        _asked.clear()
        client.post(address, data=dict.fromkeys(names, "x") | {"csrf_token": token}).close()
        after()
        more = _asked - names
    if names - {"csrf_token"}:
        fields = [Field(name, "text", "x") for name in sorted(names - {"csrf_token"})]
        yield PageForm(address, posts=True, fields=(*fields, Field("csrf_token", "hidden", token)))


def _address_of(rule: str) -> str:
    def part(found: re.Match[str]) -> str:
        return "1" if found[1] == "int" else PARTS.get(found[2], "x1")

    return re.sub(r"<(?:(\w+)[^:>]*:)?(\w+)>", part, rule)
