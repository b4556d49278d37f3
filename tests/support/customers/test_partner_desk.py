"""The partner's desk: its customers' things, acting for them, nothing of another partner's."""

import html
import random
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts import organisations, users
from accounts.identification import SESSION_KEY
from accounts.models import OrganisationKind, Role
from provision.devices import registry
from provision.devices.identity import MacAddress, make_serial
from provision.devices.registry import NewDevice
from storage.clock import now
from storage.installation import Installation
from support.cases.models import FaultReport
from support.repairs import filing
from support.repairs.filing import NewAct
from support.reports import fleet
from support.requests.models import SupportRequest
from support.requests.vocabulary import Channel
from tests.browserless import form_token
from tests.support.customers.test_portal import begun
from tests.support.register import REGISTERED_AT, Register
from tests.support.repairs.workshop import an_act
from tests.support.requests.desk import Desk

PERIOD = "since=2020-01-01&until=2099-12-31"


@dataclass(frozen=True)
class Side:
    """One partner with one customer and everything of that customer's, each with its own mark."""

    partner: str
    customer: str
    customer_id: int
    serial: str
    subject: str
    request: int
    act: str
    lot: str

    @property
    def marks(self) -> tuple[str, ...]:
        return (self.customer, self.serial, self.subject, self.act, self.lot)


@pytest.fixture
def backend() -> str:
    """Who sees what is decided before any database; what is stored runs on both elsewhere."""
    return "sqlite"


@pytest.fixture
def sides(installation: Installation, register: Register) -> tuple[Side, Side]:
    desk = Desk(installation, register)
    found = (
        _side(desk, "Связь-Партнёр", "Школа № 5", 31, "02f1a7fffff1"),
        _side(desk, "Север-Сервис", "Порт Мурманск", 44, "02f1a7fffff2"),
    )
    with installation.database.writing() as session:
        fleet.keep(session, fleet.counted(session))
    return found


def _side(desk: Desk, partner: str, customer: str, week: int, mac: str) -> Side:
    number = make_serial("FP-B2", 2025, week, random.Random(week))
    serial = number.text
    subject, at = f"Вопрос: {customer}", now()
    with desk.installation.database.writing() as session:
        organisations.add(session, partner, OrganisationKind.PARTNER, actor="test", now=at)
        made = organisations.add(
            session, customer, OrganisationKind.CUSTOMER, partner, actor="test", now=at
        )
        new = NewDevice(MacAddress(mac), "FP-B2", number, organisation=customer)
        registry.add_device(session, new, actor="test", now=REGISTERED_AT).first_seen_at = at
        act = replace(an_act(serial), organisation=customer)
        filed = filing.file(
            session, desk.installation,
            NewAct(act, f"key-{mac}", "192.0.2.1", organisation_id=made.id),
            actor="test", now=at,
        )  # fmt: skip
        owner, act_number = made.id, filed.number
    moscow = (at - timedelta(hours=1)).isoformat()[:19]
    request = desk.comes(
        moscow, serial=serial, subject=subject, channel=Channel.PORTAL, organisation_id=owner
    )
    return Side(partner, customer, owner, serial, subject, request, act_number, number.lot)


def log_in(client: FlaskClient, register: Register, role: Role, organisation: str) -> None:
    with register.database.writing() as session:
        name = begun(session, role, organisation)
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = name


def read(page: TestResponse) -> str:
    return html.unescape(page.text)


def addresses(app: Flask, side: Side) -> list[str]:
    """Every page of the cabinet, filled in with what is this side's."""
    known = {"serial": side.serial, "number": side.act}
    found = []
    for rule in app.url_map.iter_rules():
        if not str(rule).startswith("/my/") or "GET" not in (rule.methods or ()):
            continue
        values = {name: known[name] for name in rule.arguments}
        if rule.endpoint == "customers.request_page":
            values["number"] = str(side.request)
        with app.test_request_context():
            found.append(app.url_for(rule.endpoint, **values, _external=False))
    return found


def test_each_page_shows_a_partner_its_customers_things_and_nothing_of_another_partners(
    app: Flask, client: FlaskClient, register: Register, sides: tuple[Side, Side]
) -> None:
    mine, theirs = sides
    log_in(client, register, Role.PARTNER, mine.partner)
    queries = (PERIOD, f"{PERIOD}&organisation={theirs.customer_id}", f"{PERIOD}&by=organisation")
    for address in addresses(app, mine):
        for query in queries:
            page = client.get(f"{address}?{query}", follow_redirects=True)
            assert page.status_code == 200, address
            for mark in theirs.marks:
                assert mark not in read(page), (address, query, mark)
    own_things = set(addresses(app, mine)) - set(addresses(app, theirs))
    assert len(own_things) == 3
    foreign = set(addresses(app, theirs)) - set(addresses(app, mine))
    assert len(foreign) == 3
    for address in foreign:
        assert client.get(address).status_code == 404, address


def test_the_lists_name_the_customer_and_what_is_open(
    client: FlaskClient, register: Register, sides: tuple[Side, Side]
) -> None:
    mine, _theirs = sides
    log_in(client, register, Role.PARTNER, mine.partner)
    for address in ("customers/", "devices/", "requests/", "repairs/"):
        assert mine.customer in read(client.get(f"/my/{address}")), address
    row = read(client.get("/my/customers/")).split(mine.customer)[1].split("</tr>")[0]
    assert f"/my/devices/?organisation={mine.customer_id}" in row
    assert row.count(">1</a>") == 3


def test_the_numbers_of_a_partner_are_those_of_its_customers(
    client: FlaskClient, register: Register, sides: tuple[Side, Side]
) -> None:
    mine, _theirs = sides
    log_in(client, register, Role.PARTNER, mine.partner)
    for kind in ("repairs", "requests"):
        told = client.get(f"/my/report/{kind}.csv?{PERIOD}&by=organisation")
        assert told.mimetype == "text/csv"
        rows = told.text.splitlines()
        assert [row.split(",")[:3] for row in rows[1:]] == [[mine.customer, "1", "1"]]
    # A division that is not a partner's is not asked of the database.
    assert (
        "by-product"
        in client.get(f"/my/report/repairs.csv?{PERIOD}&by=partner").headers["Content-Disposition"]
    )


@pytest.mark.parametrize("role", [Role.PARTNER, Role.CUSTOMER])
def test_on_behalf_of_somebody_elses_customer_is_on_ones_own(
    client: FlaskClient, register: Register, sides: tuple[Side, Side], role: Role
) -> None:
    mine, theirs = sides
    own = mine.partner if role is Role.PARTNER else mine.customer
    log_in(client, register, role, own)
    filed(client, mine.serial, behalf=str(theirs.customer_id))
    asked(client, behalf=str(theirs.customer_id))
    with register.database.reading() as session:
        owner = users.organisation(session, own).id
    assert owners(register) == (owner, owner)


def test_a_partner_files_and_asks_for_a_customer_who_sees_both(
    client: FlaskClient, register: Register, sides: tuple[Side, Side]
) -> None:
    mine, _theirs = sides
    log_in(client, register, Role.PARTNER, mine.partner)
    form = read(client.get(f"/repair/new?serial={mine.serial}"))
    assert f'<option value="{mine.customer_id}" selected>' in form
    assert f'value="{mine.customer}"' in form
    filed(client, mine.serial, behalf=str(mine.customer_id))
    form = read(client.get(f"/support/new?organisation={mine.customer_id}"))
    assert f'<option value="{mine.customer_id}" selected>' in form
    asked(client, behalf=str(mine.customer_id))
    assert owners(register) == (mine.customer_id, mine.customer_id)
    log_in(client, register, Role.CUSTOMER, mine.customer)
    assert "От партнёра" in read(client.get("/my/requests/"))
    assert read(client.get("/my/repairs/")).count("RMA-") >= 2


def test_a_customer_chooses_nobody(
    client: FlaskClient, register: Register, sides: tuple[Side, Side]
) -> None:
    log_in(client, register, Role.CUSTOMER, sides[0].customer)
    assert 'name="behalf"' not in client.get("/repair/new").text
    assert 'name="behalf"' not in client.get("/support/new").text
    assert "/my/customers/" not in client.get("/my/").text


def test_when_the_service_ends_the_partner_sees_nothing_more(
    client: FlaskClient, register: Register, sides: tuple[Side, Side]
) -> None:
    mine, _theirs = sides
    log_in(client, register, Role.PARTNER, mine.partner)
    assert client.get(f"/my/devices/{mine.serial}").status_code == 200
    with register.database.writing() as session:
        organisations.assign(session, mine.customer, "", actor="test", now=now())
    assert client.get(f"/my/devices/{mine.serial}").status_code == 404
    assert mine.customer not in read(client.get("/my/customers/"))


def filed(client: FlaskClient, serial: str, behalf: str) -> None:
    form = {
        "csrf_token": form_token(client, "/repair/new"), "phones": "1", "serial_1": serial,
        "fault_1": "Нет звука", "symptom_1": "sound", "customer": "legal",
        "organisation": "Школа", "contact": "Пётр", "email": "petr@partner.example",
        "return_address": "Москва", "signed_by": "Петров", "consent": "1", "behalf": behalf,
    }  # fmt: skip
    answer = client.post("/repair/new", data=form)
    assert answer.status_code == 302


def asked(client: FlaskClient, behalf: str) -> None:
    form = {
        "csrf_token": form_token(client, "/support/new"), "subject": "От партнёра",
        "text": "Вопрос", "name": "Пётр", "email": "petr@partner.example", "read_rules": "1",
        "consent": "1", "behalf": behalf,
    }  # fmt: skip
    answer = client.post("/support/new", data=form)
    assert answer.status_code == 302


def owners(register: Register) -> tuple[int | None, int | None]:
    """Whose the last act and the last request are."""
    with register.database.reading() as session:
        act = select(FaultReport.organisation_id).order_by(FaultReport.id.desc()).limit(1)
        request = select(SupportRequest.organisation_id).order_by(SupportRequest.id.desc())
        return session.scalar(act), session.scalar(request.limit(1))
