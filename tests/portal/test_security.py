"""Headers, hosts, health and metrics."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import tokens, users
from accounts.access import STAFF_ROLES
from accounts.models import OrganisationKind, Role
from accounts.users import NewUser
from portal import health
from portal.app import PAGES, create_app
from portal.settings import Settings
from storage.clock import now
from storage.installation import Installation


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.mark.parametrize("address", ["/", "/downloads/", "/warranty", "/login", "/none", "/docs/"])
def test_every_page_forbids_foreign_scripts_frames_and_sniffing(
    client: FlaskClient, address: str
) -> None:
    headers = client.get(address).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_pages_hold_no_inline_script_style_or_foreign_address(client: FlaskClient) -> None:
    for address in ("/", "/downloads/", "/warranty", "/login", "/docs/"):
        page = client.get(address).get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", page), address
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), address


def test_an_anonymous_reader_of_public_pages_gets_no_cookie(client: FlaskClient) -> None:
    for address in ("/", "/downloads/", "/docs/", "/manifest.json"):
        assert "Set-Cookie" not in client.get(address).headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_foreign_host_is_served_but_never_linked(client: FlaskClient) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "worse.example"}
    for address in ("/", "/login", "/.well-known/security.txt", "/manifest.json"):
        answer = client.get(address, headers=headers)
        assert answer.status_code == 200
        assert b"evil.example" not in answer.data
        assert b"worse.example" not in answer.data


@pytest.mark.parametrize("host", ["9" * 64, "a..b", ".a", "é.example", "[::", "a b", "x:y:z", ""])
def test_a_host_that_is_none_is_served_like_any_other(
    client: FlaskClient, phones: Flask, host: str
) -> None:
    """A label of 64 characters was a 500 of every page, and of the page of that error."""
    assert client.get("/downloads/", headers={"Host": host}).status_code == 200
    phone = phones.test_client()
    assert phone.get("/p/02f1a7000001.cfg", headers={"Host": host}).status_code == 200


def test_healthz_is_503_until_start_up_is_over(
    installation: Installation, settings: Settings
) -> None:
    app = create_app(installation, settings, PAGES)
    client = app.test_client()
    before = client.get("/healthz").status_code
    health.started(app).set()
    assert (before, client.get("/healthz").status_code) == (503, 200)


def test_readyz_is_503_without_a_database(app: Flask, installation: Installation) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    installation.database.dispose()
    path = installation.data_dir / "flatpro.sqlite"
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_metrics_are_for_loopback_only(client: FlaskClient) -> None:
    assert b"flatpro_requests_total" in client.get("/metrics").data
    from_afar = {"REMOTE_ADDR": "192.0.2.1"}
    assert client.get("/metrics", environ_overrides=from_afar).status_code == 404
    proxied = client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"})
    assert proxied.status_code == 404


@pytest.mark.parametrize(("role", "status"), [(Role.ENGINEER, 200), (Role.CUSTOMER, 404)])
def test_metrics_from_afar_are_for_a_token_of_staff(
    client: FlaskClient, installation: Installation, role: Role, status: int
) -> None:
    with installation.database.writing() as session:
        owner = users.add_organisation(session, "Ромашка", OrganisationKind.CUSTOMER)
        employer = None if role in STAFF_ROLES else owner.name
        new = NewUser("somebody", "Ольга", role, "a-Long-password-12", employer)
        user = users.add(session, new, actor="test", now=now())
        token = tokens.issue(session, user, "scraper", actor="test", now=now())
    answer = client.get(
        "/metrics",
        environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == status
