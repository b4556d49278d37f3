"""S20: 64 KiB in any field that anybody may fill in cost a moment of processor time, no more."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.browserless import form_token
from tests.portal.long_texts.kinds import KINDS, text_of
from tests.portal.long_texts.weighing import MOMENT_S, Timed
from tests.portal.test_hostile_forms import Form, public_forms

#: What has been dear before; the long run has the others too.
SMOKE = {"brackets", "joined"}
GET_FORM = re.compile(r'<form(?![^>]*method="post")[^>]*>(.*?)</form>', re.DOTALL | re.IGNORECASE)
NAME = re.compile(r'<(?:input|select)[^>]*\bname="([^"]+)"')


@pytest.fixture
def backend() -> str:
    return "sqlite"


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
    [pytest.param(kind, marks=[] if kind in SMOKE else pytest.mark.prove) for kind in KINDS],
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
