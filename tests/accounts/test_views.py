"""Logging in and out, the users' page and the audit page, through the whole app."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import tokens, users
from accounts.models import Role
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token, log_in, post
from tests.conftest import ADMIN_PASSWORD


@pytest.fixture
def backend() -> str:
    """Pages look the same over any database; the stories run on both."""
    return "sqlite"


@pytest.fixture(autouse=True)
def admin(installation: Installation) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())


def cookie_of(client: FlaskClient) -> str | None:
    found = client.get_cookie("flatpro")
    return found.value if found else None


def test_a_right_password_opens_the_staff_pages(client: FlaskClient) -> None:
    assert log_in(client).headers["Location"] == "/staff/"
    assert client.get("/staff/users").status_code == 200


def test_a_wrong_password_keeps_what_was_typed_and_says_so(client: FlaskClient) -> None:
    answer = log_in(client, password="wrong password")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Неверное имя или пароль." in page
    assert 'value="admin"' in page
    assert "wrong password" not in page


def test_a_source_that_fails_ten_times_waits(client: FlaskClient) -> None:
    for _ in range(10):
        log_in(client, password="wrong password")
    assert log_in(client).status_code == 429


def test_the_session_rotates_at_login(client: FlaskClient) -> None:
    token = form_token(client, "/login")
    before = cookie_of(client)
    client.post("/login", data={"login": "admin", "password": ADMIN_PASSWORD, "csrf_token": token})
    assert before != cookie_of(client)
    client.set_cookie("flatpro", str(before))
    assert client.get("/staff/users").status_code == 302


def test_logout_kills_the_session_on_the_server(client: FlaskClient) -> None:
    log_in(client)
    stolen = str(cookie_of(client))
    post(client, "/logout", {}, page="/staff/users")
    client.set_cookie("flatpro", stolen)
    assert client.get("/staff/users").status_code == 302


def test_login_leads_back_to_the_page_that_was_asked_for(client: FlaskClient) -> None:
    asked = client.get("/staff/audit").headers["Location"]
    assert asked == "/login?next=/staff/audit"
    answer = post(client, asked, {"login": "admin", "password": ADMIN_PASSWORD}, page="/login")
    assert answer.headers["Location"] == "/staff/audit"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"]
)
def test_login_never_leads_to_another_site(client: FlaskClient, elsewhere: str) -> None:
    form = {"login": "admin", "password": ADMIN_PASSWORD}
    answer = post(client, f"/login?next={elsewhere}", form, page="/login")
    assert answer.headers["Location"] == "/staff/"


def test_a_form_without_its_token_is_refused_and_changes_nothing(client: FlaskClient) -> None:
    log_in(client)
    assert client.post("/logout").status_code == 400
    assert client.get("/staff/users").status_code == 200


def test_users_are_added_and_disabled_from_the_page(app: Flask, client: FlaskClient) -> None:
    log_in(client)
    form = {"login": "vera", "name": "Вера", "role": "engineer", "password": "vera-has-a-long-one"}
    assert post(client, "/staff/users", form).status_code == 302
    other = app.test_client()
    log_in(other, "vera", "vera-has-a-long-one")
    assert other.get("/staff/products/").status_code == 200
    assert other.get("/staff/users").status_code == 403
    post(client, "/staff/users/vera/disable", {}, page="/staff/users")
    assert other.get("/staff/products/").status_code == 302


def test_a_refused_user_form_is_answered_with_its_reason(client: FlaskClient) -> None:
    log_in(client)
    answer = post(
        client, "/staff/users", {"login": "v", "name": "Вера", "role": "agent", "password": "short"}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "короче 12 знаков" in page
    assert 'value="Вера"' in page


def test_the_audit_page_shows_who_did_what(client: FlaskClient) -> None:
    log_in(client)
    page = client.get("/staff/audit").get_data(as_text=True)
    assert "Добавлен человек" in page
    assert "session.begin" in page
    assert "Logged in" in client.get("/en/staff/audit").get_data(as_text=True)


def test_a_bearer_token_is_enough_for_the_api_and_a_wrong_one_is_not(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.database.writing() as session:
        new = users.NewUser("robot", "robot", Role.ENGINEER, "a-long-password-1")
        robot = users.add(session, new, actor="t", now=now())
        token = tokens.issue(session, robot, "t", actor="t", now=now())
    for header, status in ((f"Bearer {token}", 200), ("Bearer wrong", 401), ("Basic x", 401)):
        answer = client.get("/api/v1/products", headers={"Authorization": header})
        assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
