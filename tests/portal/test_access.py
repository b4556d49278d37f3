"""Every route states who may open it; a route without a rule is closed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import access, users
from accounts.models import OrganisationKind, Role
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token, log_in

PASSWORD = "a-long-password-1"


@pytest.fixture
def backend() -> str:
    return "sqlite"


def routes_without_rule(app: Flask) -> list[str]:
    return [
        str(rule) for rule in app.url_map.iter_rules() if access.rule_of(app, rule.endpoint) is None
    ]


def test_every_route_of_people_and_staff_states_its_rule(app: Flask) -> None:
    assert routes_without_rule(app) == []


def test_every_route_of_phones_states_its_rule(phones: Flask) -> None:
    assert routes_without_rule(phones) == []


def test_a_route_without_a_rule_is_closed(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert routes_without_rule(app) == ["/forgotten"]
    assert client.get("/forgotten").get_data() != b"secret"


def staff_pages(app: Flask) -> list[str]:
    return [
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and str(rule).startswith("/staff")
    ]


def test_no_staff_page_opens_to_a_stranger_or_a_customer(
    app: Flask, client: FlaskClient, installation: Installation
) -> None:
    with installation.database.writing() as session:
        users.add_organisation(session, "Ветер", OrganisationKind.CUSTOMER)
        new = users.NewUser("cust", "cust", Role.CUSTOMER, PASSWORD, "Ветер")
        users.add(session, new, actor="t", now=now())
    pages = staff_pages(app)
    assert len(pages) >= 5
    assert {client.get(page).status_code for page in pages} == {302}
    log_in(client, "cust", PASSWORD)
    assert {client.get(page).status_code for page in pages} == {403}


def test_every_staff_page_opens_to_an_admin(
    app: Flask, client: FlaskClient, installation: Installation
) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, PASSWORD, now())
    log_in(client, "admin", PASSWORD)
    assert {page: client.get(page).status_code for page in staff_pages(app)} == dict.fromkeys(
        staff_pages(app), 200
    )


def test_no_state_changes_by_get(app: Flask) -> None:
    """A view that takes POST takes nothing else."""
    mixed = [
        str(rule)
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and "GET" in (rule.methods or ())
    ]
    assert mixed == []


def test_every_post_without_its_form_token_is_refused(
    app: Flask, client: FlaskClient, installation: Installation
) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, PASSWORD, now())
    log_in(client, "admin", PASSWORD)
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()):
            address = str(rule).replace("<", "").replace(">", "")
            assert client.post(address).status_code == 400, address


def test_proof_s5_a_form_sent_by_another_site_is_refused_whatever_token_it_has(
    app: Flask, client: FlaskClient, installation: Installation
) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, PASSWORD, now())
    log_in(client, "admin", PASSWORD)
    token = form_token(client, "/staff/releases/new")
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    refused = 0
    for rule in app.url_map.iter_rules():
        if {"POST", "PUT", "PATCH", "DELETE"} & set(rule.methods or ()):
            address = str(rule).replace("<", "").replace(">", "")
            method = min({"POST", "PUT", "PATCH", "DELETE"} & set(rule.methods or ()))
            form = {"csrf_token": token}
            with client.open(address, method=method, data=form, headers=foreign) as answer:
                assert answer.status_code == 400, address
            refused += 1
    print(f"S5: {refused} routes, each refuses a form of another site")  # noqa: T201
    ours = client.post(
        "/logout", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert ours.status_code == 302
