"""The staff's pages of devices: found, told, changed by those who may, and secrets shown once."""

import re
from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from accounts import users
from accounts.models import Role
from portal.app import create_app
from portal.settings import Settings
from provision import credentials, profiles
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.models import CheckIn, Device
from provision.profiles import GLOBAL
from provision.readers.networks import ReadOptions
from simulator.faces import FaceOptions, serve_faces
from simulator.facts import PhoneFacts
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, SERIAL, SIP_PASSWORD, Estate

LIST = "/staff/devices/"
PAGE = f"/staff/devices/{MAC}"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=now())
    return estates.build(installation)


@pytest.fixture
def engineer(estate: Estate, app: Flask) -> FlaskClient:
    assert estate.token, "the estate stands before anybody logs in"
    client = app.test_client()
    log_in(client, "engineer")
    return client


@pytest.fixture
def agent(estate: Estate, app: Flask) -> FlaskClient:
    assert estate.token, "the estate stands before anybody logs in"
    client = app.test_client()
    log_in(client, "agent")
    return client


def text(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.get_data(as_text=True)


def test_strangers_see_no_devices(estate: Estate, client: FlaskClient) -> None:
    assert estate.token
    for address in (LIST, PAGE, f"{PAGE}/preview", f"{LIST}new"):
        assert client.get(address).status_code == 302


def test_the_list_finds_filters_and_sorts_in_both_languages(agent: FlaskClient) -> None:
    assert "02:f1:a7:00:00:01" in text(agent, LIST)
    assert "1\N{NO-BREAK SPACE}телефон" in text(agent, "/ru" + LIST)
    assert "1 phone" in text(agent, "/en" + LIST)
    assert MAC in text(agent, f"{LIST}?q=02:F1:A7&product=FP-B2&site=Офис&sort=serial&order=desc")
    assert "Ни один телефон не подходит" in text(agent, f"/ru{LIST}?q=nothing")
    assert text(agent, f"{LIST}?page=-3&sort=zzz&page=x")


def test_an_empty_register_says_what_to_do_first(agent: FlaskClient, estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        for row in (*session.scalars(select(CheckIn)), *session.scalars(select(Device))):
            if isinstance(row, Device):
                for secret in session.scalars(select(credentials.DeviceCredential)):
                    session.delete(secret)
                session.flush()
            session.delete(row)
    assert "No devices yet" in text(agent, "/en" + LIST)


def test_a_long_list_has_pages(agent: FlaskClient, estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        for number in range(60):
            estates.add_phone(session, f"02f1a70001{number:02x}", None)
    assert "1 to 50 of 61" in text(agent, "/en" + LIST)
    assert "51 to 61 of 61" in text(agent, f"/en{LIST}?page=2")


def test_the_page_of_a_device_tells_what_it_is_and_has_done(agent: FlaskClient) -> None:
    page = text(agent, "/en" + PAGE)
    for told in ("02:f1:a7:00:00:01", SERIAL, "Phone B2", "Ромашка", "Added to the register"):
        assert told in page
    assert f"/en/staff/warranty/{SERIAL}" in page
    assert "New token" not in page
    assert "Внесён в реестр" in text(agent, "/ru" + PAGE)
    assert text(agent, f"{PAGE}?before=2026-01-01T00:00:00%2B00:00")
    assert text(agent, f"{PAGE}?before=yesterday")
    assert text(agent, "/staff/devices/02:F1:A7:00:00:01")
    text(agent, "/staff/devices/02f1a7000009", 404)


def test_a_new_secret_is_shown_once_and_kept_by_no_cache(
    engineer: FlaskClient, estate: Estate
) -> None:
    for kind in ("token", "password"):
        answer = post(engineer, f"{PAGE}/credential", {"kind": kind}, PAGE)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        page = answer.get_data(as_text=True)
        found = re.search(r'data-copy="([A-Za-z0-9_-]{24,})"', page)
        assert found
        assert found[1] not in text(engineer, PAGE)
        assert found[1] not in repr(engineer.get_cookie("flatpro"))
        with estate.installation.database.reading() as session:
            if kind == "token":
                assert credentials.verify_token(session, found[1], MacAddress(MAC), now())
            else:
                seal = estate.installation.seal
                known = credentials.passwords_of(session, MacAddress(MAC), seal, now())
                assert found[1] in [password.text for password in known]


def test_revoking_is_one_step_and_is_told(engineer: FlaskClient, estate: Estate) -> None:
    assert post(engineer, f"{PAGE}/revoke", {}, PAGE).status_code == 302
    assert "Credentials revoked" in text(engineer, "/en" + PAGE)
    with estate.installation.database.reading() as session:
        assert not credentials.verify_token(session, estate.token, MacAddress(MAC), now())


def test_holding_back_needs_a_reason_and_ends_on_request(engineer: FlaskClient) -> None:
    assert post(engineer, f"{PAGE}/hold", {"reason": " "}, PAGE).status_code == 422
    assert post(engineer, f"{PAGE}/hold", {"reason": "ждём замену"}, PAGE).status_code == 302
    assert "ждём замену" in text(engineer, PAGE)
    assert post(engineer, f"{PAGE}/release", {}, PAGE).status_code == 302
    assert "held back" not in text(engineer, "/en" + PAGE).split('id="story"')[0].lower().replace(
        "a phone held back is offered", ""
    )


@pytest.mark.parametrize("deed", ["credential", "revoke", "hold", "release"])
def test_an_agent_may_read_but_changes_nothing(agent: FlaskClient, deed: str) -> None:
    assert post(agent, f"{PAGE}/{deed}", {"reason": "x"}, PAGE).status_code == 403
    assert agent.get(f"{LIST}new").status_code == 403


def test_a_form_without_its_token_is_refused(engineer: FlaskClient) -> None:
    assert engineer.post(f"{PAGE}/revoke").status_code == 400


def test_a_read_that_fails_is_shown_as_an_answer(agent: FlaskClient, estate: Estate) -> None:
    post(agent, f"{PAGE}/read", {}, PAGE)
    assert "его адрес" in text(agent, "/ru" + PAGE) or "Адрес" in text(agent, "/ru" + PAGE)
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).address = "127.0.0.1"
    assert post(agent, f"{PAGE}/read", {}, PAGE).status_code == 302
    page = text(agent, "/en" + PAGE)
    assert "may not be read" in page
    assert "Could not be read over SNMP" in page


class Phone:
    def facts(self) -> PhoneFacts:
        return PhoneFacts("FP-B2", "A", SERIAL, MAC, "2.9.9", 42.0, "power on")

    def resync(self) -> None: ...

    def reboot(self) -> None: ...


def test_a_read_tells_what_the_phone_says_and_stays_in_its_history(
    estate: Estate, settings: Settings
) -> None:
    networks = ReadOptions(networks=(IPv4Network("127.0.0.0/24"),))
    place = replace(estate.installation, options={ReadOptions: networks})
    client = create_app(place, settings).test_client()
    log_in(client, "agent")
    with serve_faces(Phone(), FaceOptions(snmp_community="public")) as faces:
        with place.database.writing() as session:
            phone = registry.get(session, MAC)
            phone.address, phone.firmware, phone.last_check_in_at = "127.0.0.1", "2.3.1", now()
            for name, told in (
                ("read.snmp_community", "public"),
                ("read.snmp_port", str(faces.snmp_port)),
            ):
                profiles.put(session, place.seal, GLOBAL, name, told, actor="test", now=now())
        post(client, f"/en{PAGE}/read", {}, PAGE)
    page = text(client, "/en" + PAGE)
    assert "the phone says firmware 2.9.9" in page
    assert "the last reading says 2.9.9" in page
    assert "Read over SNMP" in page


def test_a_preview_shows_each_value_with_its_level_and_no_secret(agent: FlaskClient) -> None:
    page = text(agent, f"/en{PAGE}/preview")
    assert "[sip.1]" in page
    assert "this phone" in page
    assert SIP_PASSWORD not in page


def test_a_device_is_added_by_form_and_nothing_typed_is_lost(
    engineer: FlaskClient, estate: Estate
) -> None:
    typed = {"mac": "02f1a70000zz", "serial": "X-77", "product": "FP-B2", "hardware": "b"}
    refused = post(engineer, f"{LIST}new", typed)
    assert refused.status_code == 422
    assert "X-77" in refused.get_data(as_text=True)
    added = post(engineer, f"{LIST}new", {**typed, "mac": "02-f1-a7-00-00-07", "site": "Офис"})
    assert added.headers["Location"].endswith("/staff/devices/02f1a7000007")
    with estate.installation.database.reading() as session:
        assert registry.get(session, "02f1a7000007").hardware == "B"
        assert session.scalar(select(func.count()).select_from(Device)) == 2
