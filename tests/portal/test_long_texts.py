"""S20: 64 KiB in any field that anybody may fill in cost a moment of processor time, no more."""

import re
import time
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.browserless import form_token
from tests.portal.test_hostile_forms import Form, public_forms

SIZE = 65_536
MOMENT_S = 0.1
#: What has been dear before; the long run has the others too.
SMOKE = {"brackets", "joined"}
#: What makes a careless pattern try again and again, or a careless parser nest without end.
PIECES = {
    "letters": "a",
    "blanks": " \t",
    "line ends": "\n> ",
    "numbers": "1.0-",
    "addresses": "a@b.",
    "tags": "<a href='",
    "brackets": "((((",
    "escapes": "%2e&amp;",
    "marks": "**__``",
    "joined": "и\u0306",
}
GET_FORM = re.compile(r'<form(?![^>]*method="post")[^>]*>(.*?)</form>', re.DOTALL | re.IGNORECASE)
NAME = re.compile(r'<(?:input|select)[^>]*\bname="([^"]+)"')


@pytest.fixture
def backend() -> str:
    return "sqlite"


def text_of(kind: str) -> str:
    piece = PIECES[kind]
    return (piece * (SIZE // len(piece)))[: SIZE - 1] + "!"


class Timed:
    """The app, with the processor time that its last answer took."""

    def __init__(self, app: Flask) -> None:
        self._inner, self.spent_s = app.wsgi_app, 0.0
        app.wsgi_app = self  # type: ignore[method-assign]  # Flask's own way

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        began = time.thread_time()
        answer = self._inner(environ, start_response)
        self.spent_s = time.thread_time() - began
        return answer


def post(client: FlaskClient, form: Form, name: str, text: str, token: str) -> int:
    body = dict.fromkeys(form.fields, "x") | {name: text, "csrf_token": token}
    return client.post(form.address, data=body).status_code


def searches(app: Flask) -> set[tuple[str, str]]:
    """Every page that anybody may ask something, with the name of its field."""
    found = set()
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            page = app.test_client().get(str(rule))
            text = page.get_data(as_text=True) if page.mimetype == "text/html" else ""
            named = {name for form in GET_FORM.findall(text) for name in NAME.findall(form)}
            found |= {(str(rule), name) for name in named if page.status_code == 200}
            page.close()
    return found


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[] if kind in SMOKE else pytest.mark.prove) for kind in PIECES],
)
def test_proof_s20_no_long_text_in_a_public_field_costs_more_than_a_moment(
    app: Flask, client: FlaskClient, kind: str
) -> None:
    timed, text, told = Timed(app), text_of(kind), []
    for form in public_forms(app):
        token = form_token(client, form.address)
        for name in (*form.fields, *form.files):
            status = post(client, form, name, text, token)
            told.append((timed.spent_s, status, form.address, name))
    for address, name in searches(app):
        status = client.get(address, query_string={name: text}).status_code
        told.append((timed.spent_s, status, address, name))
    print(f"S20: 64 KiB of {kind} in each public field: {max(told)[0] * 1000:.0f} ms at most")  # noqa: T201
    assert [one for one in told if one[1] >= 500] == []
    assert max(told)[0] < MOMENT_S, max(told)
