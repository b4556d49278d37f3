"""Unknown phones: heard, listed, taken in one by one, and forgotten."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from accounts import users
from accounts.models import Role
from provision import checkins, dialects, folding
from provision.devices import registry
from provision.devices.identity import BadMacError
from provision.newcomers import waiting
from provision.newcomers.cli import newcomer
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, UNKNOWN, Estate
from tests.provision.phone_plane import ask, served

AGENT = f"User-Agent: FlatPhone/2.4.1 (FP-B2; hw A; sn X; mac {UNKNOWN})"


@pytest.fixture
def estate(installation: Installation, phones: Flask) -> Estate:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        new = users.NewUser("agent", "agent", Role.AGENT, ADMIN_PASSWORD)
        users.add(session, new, actor="test", now=now())
    built = estates.build(installation)
    with served(phones) as port:
        for path in (f"/p/{UNKNOWN}.cfg", f"/p/{UNKNOWN}.cfg", f"/p/{MAC}.cfg"):
            ask(port, path, AGENT.replace(UNKNOWN, MAC) if MAC in path else AGENT)
    folding.reader_of(installation).fold()
    return built


@pytest.fixture
def admin(estate: Estate, app: Flask) -> FlaskClient:
    assert estate.token
    client = app.test_client()
    log_in(client)
    return client


def listed(place: Installation) -> list[waiting.Newcomer]:
    with place.database.reading() as session:
        return list(waiting.waiting(session, dialects.families_of(place), now()))


def test_who_calls_unknown_is_listed_with_what_it_said(estate: Estate) -> None:
    (found,) = listed(estate.installation)
    assert (found.mac, found.calls, found.addresses) == (UNKNOWN, 2, ["127.0.0.1"])
    assert (found.family, found.product, found.firmware) == ("flat_phone", "FP-B2", "2.4.1")


def test_staff_take_one_in_and_its_token_works(
    estate: Estate, admin: FlaskClient, phones: Flask
) -> None:
    page = f"/staff/newcomers/{UNKNOWN}"
    assert UNKNOWN[-2:] in admin.get("/staff/newcomers/").text
    assert 'value="FP-B2" selected' in admin.get(page).text
    answer = post(admin, page, {"product": "FP-B2", "hardware": "A", "site": "Офис"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    token = answer.text.split("http://phones.test/p/")[1].split("/")[0]
    with served(phones) as port:
        assert ask(port, f"/p/{token}/{UNKNOWN}.cfg").status == 200
    assert listed(estate.installation) == []
    assert admin.get(page).status_code == 404


def test_a_refused_form_keeps_what_was_typed(admin: FlaskClient) -> None:
    page = f"/staff/newcomers/{UNKNOWN}"
    answer = post(admin, page, {"product": "NOWHERE", "group": "Зал"})
    assert answer.status_code in {404, 422}
    assert post(admin, page, {"product": "FP-B2", "hardware": "Z"}).status_code in {404, 422}


def test_who_may_not_change_phones_takes_none_in(estate: Estate, app: Flask) -> None:
    assert estate.token
    client = app.test_client()
    log_in(client, "agent")
    assert client.get("/staff/newcomers/").status_code == 200
    assert client.get(f"/staff/newcomers/{UNKNOWN}").status_code == 403


def test_the_command_lists_and_takes_in(estate: Estate) -> None:
    def run(*arguments: str) -> str:
        answer = CliRunner().invoke(newcomer, arguments, obj=lambda: estate.installation)
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    assert [row["mac"] for row in json.loads(run("list", "--json"))] == [UNKNOWN]
    shown = json.loads(run("enrol", UNKNOWN, "--json"))
    assert (shown["mac"], shown["product"], len(shown["token"]) >= 22) == (UNKNOWN, "FP-B2", True)
    with estate.installation.database.reading() as session:
        assert registry.get(session, UNKNOWN).serial is None
    assert json.loads(run("list", "--json")) == []


def test_a_mac_that_never_called_is_not_taken_in(admin: FlaskClient) -> None:
    assert admin.get("/staff/newcomers/02f1a7eeeeee").status_code == 404
    with pytest.raises(BadMacError):
        estates.MacAddress.parse("nonsense")


def test_whom_nobody_takes_in_is_forgotten(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        checkins.prune(session, now() + timedelta(days=8))
    assert listed(estate.installation) == []
