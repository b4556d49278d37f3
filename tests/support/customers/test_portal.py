"""The cabinet: people see what is their organisation's, a partner its customers', nobody more."""

import html
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from accounts import access, sessions, users
from accounts.identification import SESSION_KEY
from accounts.models import OrganisationKind, Role
from accounts.users import NewUser
from provision.devices import registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.registry import NewDevice
from provision.redirects.api import PARTNERS
from storage.clock import MOSCOW, moscow_date, now
from storage.installation import Installation
from support.repairs import records as repair_records
from support.requests.vocabulary import Channel
from support.scope import CUSTOMERS
from support.warranty_certificates import certificates
from support.warranty_certificates.certificates import NewCertificate
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy
from tests.browserless import form_token
from tests.support.register import CUSTOMER, REGISTERED_AT, Register
from tests.support.repairs.workshop import Workshop, offer, refused
from tests.support.requests.desk import ANNA, Desk

PARTNER, OTHER = "Связь-Партнёр", "Гимназия № 7"
RECENT = moscow_date(now()) - timedelta(days=330)
LISTS = (
    "/my/",
    "/my/devices/",
    "/my/requests/",
    "/my/repairs/",
    "/my/certificates",
    "/my/downloads",
)


@pytest.fixture
def backend() -> str:
    """Words and pages are the same over any database."""
    return "sqlite"


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)


@pytest.fixture
def _world(register: Register) -> None:
    """A partner that serves the register's customer, and another organisation with its phone."""
    with register.database.writing() as session:
        partner = users.add_organisation(session, PARTNER, OrganisationKind.PARTNER)
        users.organisation(session, CUSTOMER).partner_id = partner.id
        users.add_organisation(session, OTHER, OrganisationKind.CUSTOMER)
        serial = SerialNumber.parse("OTHER0001")
        new = NewDevice(MacAddress("02f1a7ffffff"), "FP-B2", serial, organisation=OTHER)
        registry.add_device(session, new, actor="test", now=REGISTERED_AT)


def log_in(client: FlaskClient, register: Register, role: Role, organisation: str) -> None:
    with register.database.writing() as session:
        name = begun(session, role, organisation)
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = name


def begun(session: Session, role: Role, organisation: str) -> str:
    login = f"{role.value}-{users.organisation(session, organisation).id}"
    new = NewUser(login, "Анна Петрова", role, "tests-Only-1234567", organisation)
    user = users.add(session, new, actor="test", now=REGISTERED_AT)
    return sessions.begin(session, user, source="127.0.0.1", now=now())


def read(page: TestResponse) -> str:
    return html.unescape(page.text)


def came(desk: Desk, **more: object) -> int:
    at = (now() - timedelta(hours=1)).astimezone(MOSCOW).replace(tzinfo=None)
    return desk.comes(at.isoformat(), **more)


def objects(desk: Desk) -> list[str]:
    """The address of each object of the register's customer."""
    desk.register.prove(desk.register.first, RECENT)
    desk.writes_for_customer()
    number = came(desk, channel=Channel.EMAIL)
    with desk.installation.database.writing() as session:
        new = NewCertificate("С-1", (desk.register.first,), 12, RECENT, EntitlementKind.LOANER)
        certificates.sell(session, new, TermPolicy(), actor="test", now=now())
    return [f"/my/devices/{desk.register.first}", f"/my/requests/{number}"]


@pytest.mark.usefixtures("_world")
def test_a_customer_sees_what_is_the_organisations(client: FlaskClient, desk: Desk) -> None:
    mine = objects(desk)
    log_in(client, desk.register, Role.CUSTOMER, CUSTOMER)
    pages = {address: read(client.get(address)) for address in LISTS}
    assert desk.register.first in pages["/my/devices/"]
    assert "OTHER0001" not in pages["/my/devices/"]
    assert desk.register.first in pages["/my/"]
    assert "Нет звука" in pages["/my/requests/"]
    assert "С-1" in pages["/my/certificates"]
    assert "FP-B2" in pages["/my/downloads"]
    phone = read(client.get(mine[0]))
    assert "Нет звука" in phone
    assert "W-2" in phone
    assert f"/warranty/certificate?serial={desk.register.first}" in phone
    assert "Действует с" in pages["/my/certificates"]
    followed = client.get(mine[1], follow_redirects=True)
    assert "Собеседник меня не слышит." in read(followed)


@pytest.mark.usefixtures("_world")
@pytest.mark.parametrize(("role", "organisation"), [(Role.CUSTOMER, OTHER), (Role.PARTNER, OTHER)])
def test_another_organisations_thing_is_not_found_on_any_page(
    client: FlaskClient, desk: Desk, role: Role, organisation: str
) -> None:
    theirs = objects(desk)
    log_in(client, desk.register, role, organisation)
    for address in theirs:
        assert client.get(address).status_code == 404, address
    for address in LISTS:
        text = read(client.get(address))
        for secret in (desk.register.first, desk.register.second, "Нет звука", "С-1", CUSTOMER):
            assert secret not in text, address
    everything = "?organisation=1&q=FP"
    assert desk.register.first not in read(client.get(f"/my/devices/{everything}"))


@pytest.mark.usefixtures("_world")
def test_a_phone_of_others_is_refused_in_the_words_of_one_that_is_none(
    client: FlaskClient, desk: Desk
) -> None:
    log_in(client, desk.register, Role.CUSTOMER, OTHER)
    theirs = read(client.get(f"/my/devices/{desk.register.foreign}"))
    nobodys = read(client.get("/my/devices/NOBODY0001"))
    assert theirs.replace(desk.register.foreign, "X") == nobodys.replace("NOBODY0001", "X")


@pytest.mark.usefixtures("_world")
def test_a_partner_sees_its_customers_and_whose_each_thing_is(
    client: FlaskClient, desk: Desk
) -> None:
    mine = objects(desk)
    log_in(client, desk.register, Role.PARTNER, PARTNER)
    page = read(client.get("/my/devices/"))
    assert desk.register.first in page
    assert CUSTOMER in page
    assert "OTHER0001" not in page
    assert client.get(mine[0]).status_code == 200
    assert client.get(mine[1]).status_code == 302
    with desk.register.database.reading() as session:
        own = users.organisation(session, PARTNER).id
    narrowed = f"?organisation={own}"
    assert desk.register.first not in read(client.get(f"/my/devices/{narrowed}"))
    assert "Нет звука" not in read(client.get(f"/my/requests/{narrowed}"))


def test_every_page_of_the_cabinet_is_for_those_who_have_one(app: Flask) -> None:
    mine = [rule for rule in app.url_map.iter_rules() if str(rule).startswith("/my/")]
    assert len(mine) >= 9
    assert {access.rule_of(app, rule.endpoint) for rule in mine} == {CUSTOMERS, PARTNERS}


def test_who_has_no_cabinet_is_not_led_to_one(client: FlaskClient, register: Register) -> None:
    assert 'href="/my/"' not in client.get("/").text
    assert client.get("/my/").status_code == 302
    with register.database.writing() as session:
        new = NewUser("olga", "Ольга", Role.AGENT, "tests-Only-1234567")
        user = users.add(session, new, actor="test", now=REGISTERED_AT)
        name = sessions.begin(session, user, source="127.0.0.1", now=now())
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = name
    assert client.get("/my/").status_code == 403


@pytest.mark.usefixtures("_world")
def test_r7_a_paid_repair_that_awaits_an_answer_stands_on_the_first_page(
    client: FlaskClient, desk: Desk
) -> None:
    workshop = Workshop(desk.installation, desk.register)
    unit_id = refused(workshop)
    with desk.register.database.writing() as session:
        owner = users.organisation(session, CUSTOMER).id
        repair_records.unit(session, unit_id).report.organisation_id = owner
    log_in(client, desk.register, Role.CUSTOMER, CUSTOMER)
    assert "платный ремонт" not in read(client.get("/my/"))
    offer(workshop, unit_id)
    assert f"Предложен платный ремонт {desk.register.first}" in read(client.get("/my/"))


@pytest.mark.usefixtures("_world")
def test_a_customer_comes_to_the_cabinet_after_login_and_opens_a_request_from_it(
    client: FlaskClient, desk: Desk
) -> None:
    with desk.register.database.writing() as session:
        begun(session, Role.CUSTOMER, CUSTOMER)
        owner = users.organisation(session, CUSTOMER).id
    form = {"login": f"customer-{owner}", "password": "tests-Only-1234567"}
    token = form_token(client, "/login")
    answer = client.post("/login", data={**form, "csrf_token": token})
    assert answer.headers["Location"].endswith("/my/")
    assert "Анна Петрова" in read(client.get("/support/new"))
    asked = {
        "csrf_token": form_token(client, "/support/new"),
        "subject": "Из кабинета",
        "text": "Вопрос",
        "name": "Анна",
        "email": "anna@elsewhere.example",
        "read_rules": "1",
        "consent": "1",
        "form_key": "q" * 32,
    }
    assert client.post("/support/new", data=asked).status_code == 302
    found = desk.request(1)
    assert (found.channel, found.organisation_id) == ("portal", owner)
    assert "Из кабинета" in read(client.get("/my/requests/"))


@pytest.mark.usefixtures("_world")
@pytest.mark.parametrize(
    "query", ["page=0", "page=99999999", "q=%25", "organisation=x", "organisation=999999999999"]
)
def test_an_odd_address_of_the_cabinet_is_no_fault(
    client: FlaskClient, desk: Desk, query: str
) -> None:
    log_in(client, desk.register, Role.PARTNER, PARTNER)
    assert ANNA.email not in client.get("/my/").text
    for address in ("/my/devices/", "/my/requests/", "/my/repairs/"):
        assert client.get(f"{address}?{query}").status_code == 200
    assert client.get("/my/requests/99999999999").status_code == 404
    assert client.get("/my/repairs/RMA-00-0000").status_code == 404
