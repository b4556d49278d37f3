"""The staff's menu: groups above, the pages of the reader's group below."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from accounts import users
from accounts.users import NewUser
from portal import navigation
from storage.installation import Installation
from tests.browserless import log_in
from tests.conftest import ADMIN_PASSWORD

PASSWORD = "engineers-Only-1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def bar(page: str) -> dict[str, str | None]:
    """The staff's links by their words, with what makes one current."""
    found = re.search(r'<nav class="staff-bar".*?</nav>', page, re.DOTALL)
    assert found, page
    links = re.findall(r'<a href="[^"]+"(?: aria-current="(\w+)")?>([^<]+)</a>', found[0])
    return {words: current or None for current, words in links}


def read(client: FlaskClient, address: str) -> dict[str, str | None]:
    return bar(client.get(address).get_data(as_text=True))


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture(autouse=True)
def _admin(installation: Installation) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, NOW)


def test_a_page_shows_its_group_and_its_neighbours(client: FlaskClient) -> None:
    log_in(client)
    links = read(client, "/en/staff/devices/new")
    assert links["Fleet"] == "true"
    assert links["Devices"] == "page"
    assert links["Unknown phones"] is None
    assert "Jobs" not in links


def test_the_overview_has_no_second_line(client: FlaskClient) -> None:
    log_in(client)
    assert list(read(client, "/en/staff/").values()) == ["true", None, None, None, None]


def test_who_is_no_admin_is_not_led_to_admins_pages(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.database.writing() as session:
        new = NewUser("engineer", "Engineer", "engineer", PASSWORD)
        users.add(session, new, actor="test", now=NOW)
    log_in(client, "engineer", PASSWORD)
    links = read(client, "/en/staff/jobs")
    assert "Storage" in links
    assert "Audit" not in links


def test_every_group_leads_to_a_page(client: FlaskClient) -> None:
    log_in(client)
    for _label, places in navigation.STAFF:
        with client.application.test_request_context("/"):
            url = client.application.url_for(places[0].endpoint)
        assert client.get(url).status_code == 200


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_trail_has_a_sign_between_its_steps_and_none_at_its_end(app: Flask, steps: int) -> None:
    trail = [(f"Step {number}", f"/{number}/") for number in range(steps)]
    page = '{% import "components/ui.html" as ui %}{{ ui.breadcrumbs(trail) }}'
    with app.test_request_context("/"):
        shown = render_template_string(page, trail=trail)
    assert shown.count("</svg>") == steps - 1
    assert "</svg>" not in shown.rpartition("<li>")[2]
