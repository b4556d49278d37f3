"""A preview tells how what the phone would get differs from what it took."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import users
from accounts.models import Role
from provision import folding, profiles
from provision.devices import registry
from provision.phone_fetches import last_fetched, phone_plane
from provision.profiles import GLOBAL
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, SIP_PASSWORD, Estate

PREVIEW = f"/staff/devices/{MAC}/preview"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@pytest.fixture
def staff(app: Flask, estate: Estate) -> FlaskClient:
    with estate.installation.database.writing() as session:
        new = users.NewUser("engineer", "engineer", Role.ENGINEER, ADMIN_PASSWORD)
        users.add(session, new, actor="test", now=now())
    client = app.test_client()
    log_in(client, "engineer")
    return client


def take(estate: Estate, phones: Flask) -> None:
    """The phone takes its configuration, and the door keeps it."""
    keeper = phone_plane.keeper_of(phones)
    keeper.start()
    client = phones.test_client()
    for _ in range(2):
        agent = {"User-Agent": estate.agent("2.3.1")}
        assert client.get(f"/p/{estate.token}/{MAC}.cfg", headers=agent).status_code == 200
        folding.reader_of(estate.installation).fold()
        keeper.flush()
    keeper.stop()


def change(estate: Estate, name: str, text: str) -> None:
    with estate.installation.database.writing() as session:
        profiles.put(session, estate.installation.seal, GLOBAL, name, text, actor="test", now=now())


def test_a_phone_that_took_nothing_is_said_to_have_nothing(staff: FlaskClient) -> None:
    assert "ещё не брал" in staff.get(PREVIEW).get_data(as_text=True)


def test_what_it_has_and_what_has_changed_since_is_shown(
    staff: FlaskClient, estate: Estate, phones: Flask
) -> None:
    take(estate, phones)
    assert "ровно эта конфигурация" in staff.get(PREVIEW).get_data(as_text=True)
    change(estate, "network.vlan", "77")
    page = staff.get(PREVIEW).get_data(as_text=True)
    assert '<span class="is-added">+ vlan = &#34;77&#34;' in page
    assert SIP_PASSWORD not in page
    assert estate.token not in page


def test_a_secret_that_was_changed_since_is_named_and_not_shown(
    staff: FlaskClient, estate: Estate, phones: Flask
) -> None:
    take(estate, phones)
    with estate.installation.database.writing() as session:
        link = profiles.link_for(session, device=MAC)
        seal = estate.installation.seal
        profiles.put(session, seal, link, "sip.1.password", "other-77", actor="test", now=now())
    page = staff.get(PREVIEW).get_data(as_text=True)
    assert "<code>sip.1.password</code>" in page
    assert "ровно эта" not in page
    assert "other-77" not in page


def test_what_is_not_kept_any_more_is_said(
    staff: FlaskClient, estate: Estate, phones: Flask
) -> None:
    client = phones.test_client()
    assert client.get(f"/p/{estate.token}/{MAC}.cfg").status_code == 200
    folding.reader_of(estate.installation).fold()
    assert "больше не хранится" in staff.get(PREVIEW).get_data(as_text=True)
    with estate.installation.database.reading() as session:
        assert registry.get(session, MAC).last_check_in_at is not None


def test_a_difference_has_the_lines_around_it() -> None:
    before = "\n".join("abcdefgh")
    found = last_fetched.difference(before, before.replace("e", "X"))
    assert [(line.kind, line.text) for line in found] == [
        ("gap", "…"),
        *(("same", "c"), ("same", "d"), ("gone", "e"), ("added", "X"), ("same", "f")),
        ("same", "g"),
    ]
    assert last_fetched.difference(before, before) == []
