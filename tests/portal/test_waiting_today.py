"""The staff's first page says what waits and what presses, in each room."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from accounts import users
from provision.models import CheckIn, CheckInKind
from storage.clock import MOSCOW, now
from storage.installation import Installation
from tests.browserless import log_in
from tests.conftest import ADMIN_PASSWORD
from tests.support.register import Register, stocked
from tests.support.repairs.workshop import Workshop
from tests.support.requests.desk import Desk


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def register(installation: Installation) -> Register:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    return stocked(installation.database)


def ago(days: int) -> str:
    """The civil time in Moscow so many days ago."""
    return f"{(now() - timedelta(days=days)).astimezone(MOSCOW):%Y-%m-%dT%H:%M}"


def _call(mac: str) -> CheckIn:
    """A call of a phone that nobody took in."""
    return CheckIn(
        mac=mac,
        at=now(),
        kind=CheckInKind.REFUSED,
        method="GET",
        path_kind="",
        status=401,
        address="192.0.2.7",
        user_agent="",
        strength="claimed",
    )


def lines(client: FlaskClient) -> dict[str, str]:
    """Each line's words and where its link leads."""
    page = client.get("/en/staff/").get_data(as_text=True)
    found = re.search(r'<ul class="matters">(.*?)</ul>', page, re.DOTALL)
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', found[1]) if found else []
    return {words: url for url, words in links if not words.startswith("Health")}


def test_where_nothing_waits_there_is_no_line(client: FlaskClient, register: Register) -> None:
    assert register.first
    log_in(client)
    assert lines(client) == {}


def test_what_waits_has_a_line_that_leads_there(
    client: FlaskClient, installation: Installation, register: Register
) -> None:
    today = now().date()
    desk = Desk(installation, register)
    desk.conclude(valid_from=today - timedelta(days=60), valid_to=today + timedelta(days=60))
    desk.writes_for_customer()
    desk.comes(ago(30))
    workshop = Workshop(installation, register)
    for serial, days in ((register.first, 60), (register.second, 0)):
        (unit,) = workshop.file(serial, at=ago(days))
        workshop.receives(unit, ago(days))
    with installation.database.writing() as session:
        session.add_all(_call(mac) for mac in ("02aabbccdd01", "02aabbccdd01", "02aabbccdd02"))
    log_in(client)
    assert lines(client) == {
        "Requests on our turn: 1, due by tomorrow: 1": "/en/staff/requests/?shelf=ours",
        "Repairs overdue: 1": "/en/staff/repairs/",
        "Unknown phones that wait: 2": "/en/staff/newcomers/",
    }
