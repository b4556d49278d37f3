"""Errors: the right status and form for people, programs and phones, and never a 5xx for input."""

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import users
from accounts.access import anyone
from portal.errors import status_of
from storage.clock import now
from storage.refusals import ConflictError, NotFoundError, RefusedError, UnavailableError
from tests.browserless import log_in, post


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.mark.parametrize(
    ("kind", "status"),
    [(NotFoundError, 404), (ConflictError, 409), (UnavailableError, 503), (RefusedError, 422)],
)
def test_each_class_of_refusal_has_its_status(kind: type[RefusedError], status: int) -> None:
    assert status_of(kind()) == status


def test_a_person_gets_a_page_in_their_language(client: FlaskClient) -> None:
    russian = client.get("/downloads/FP-NONE/")
    english = client.get("/en/downloads/FP-NONE/")
    assert (russian.status_code, english.status_code) == (404, 404)
    assert "Нет изделия FP-NONE." in russian.get_data(as_text=True)
    assert "There is no product FP-NONE." in english.get_data(as_text=True)


def test_a_program_gets_problem_json_with_a_stable_code(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")
    problem = json.loads(answer.data)
    assert answer.content_type == "application/problem+json"
    assert (problem["status"], problem["code"]) == (404, "not-found")


def test_a_phone_gets_a_short_plain_line(phones: Flask) -> None:
    answer = phones.test_client().get("/p/nonsense")
    assert answer.status_code in {400, 404}
    assert answer.content_type.startswith("text/plain")
    assert len(answer.data) < 10
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_method_is_405_with_what_is_allowed(client: FlaskClient) -> None:
    answer = client.delete("/downloads/")
    assert answer.status_code in {400, 405}


@pytest.mark.parametrize(
    "address",
    [
        "/downloads/%00/",
        "/downloads/..%2f..%2fetc%2fpasswd/",
        "/firmware/x/y/z",
        "/firmware/FP-B2/stable/manifest.json",
        "/blob/sha256/zz",
        "/docs/%ff/",
        "/staff/audit?before=x",
        "/search?q=%00%ff",
        "/search?q=" + "a" * 5000,
        "/downloads/?q=%25%5f'\"<script>",
        "/en/en/en/",
        "//",
        "/warranty?serial=%00",
        "/login?next=%00",
        "/%e0%a4%a",
        "/staff/sweeps/" + "9" * 5000,
        "/staff/sweeps/%D9%A3",
    ],
)
def test_no_address_makes_a_5xx(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code < 500


def test_a_page_that_fails_says_nothing_of_why(app: Flask) -> None:
    def broken() -> str:
        raise ZeroDivisionError("secret reason")

    app.add_url_rule("/broken", "broken", anyone(broken))
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "secret reason" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("prefix", ["/ru", "/en"])
def test_a_fault_of_ours_names_the_request_to_quote_to_support(app: Flask, prefix: str) -> None:
    def broken() -> str:
        raise ZeroDivisionError("secret reason")

    app.add_url_rule("/broken", "broken", anyone(broken))
    app.add_url_rule("/api/broken", "api-broken", anyone(broken))
    page = app.test_client().get(f"{prefix}/broken")
    assert page.headers["X-Request-Id"] in page.get_data(as_text=True)
    problem = app.test_client().get("/api/broken")
    assert json.loads(problem.data)["request_id"] == problem.headers["X-Request-Id"]


def test_refusals_are_alike_to_the_byte(client: FlaskClient) -> None:
    first, second = (client.get("/downloads/FP-NONE/") for _ in range(2))
    assert first.data == second.data
    assert client.get("/api/v1/nothing").data == client.get("/api/v1/nothing").data


HOSTILE = ["%00", "a%00b", "99999999999999999999", "%f0%9f%98%80", "'%22%3e%3cx", "." * 300]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_route_falls_over_hostile_text_on_either_database(either_app: Flask, text: str) -> None:
    """Every GET route of people and staff, with the text in each part of the path and the query."""
    client = either_app.test_client()
    with either_app.extensions["flatpro.installation"].database.writing() as session:
        users.ensure_admin(session, "a-long-password-1", now())
    log_in(client, "admin", "a-long-password-1")
    query = "&".join(f"{n}={text}" for n in ("q", "page", "before", "cursor", "product", "from"))
    failed = []
    for rule in either_app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            address = re.sub("<[^>]+>", text, str(rule))
            for asked in (address, f"{address}?{query}"):
                status = client.get(asked).status_code
                if status >= 500:
                    failed.append((asked, status))
    assert failed == []


@pytest.mark.parametrize("address", ["/firmware/%00/SHA256SUMS", "/blob/sha256/%00", "/p/%00.cfg"])
def test_a_phone_that_sends_a_nul_gets_a_404(phones: Flask, address: str) -> None:
    assert phones.test_client().get(address).status_code == 404


def test_a_nul_in_a_form_is_refused(client: FlaskClient) -> None:
    assert post(client, "/login", {"login": "a\0b", "password": "x"}).status_code == 400
