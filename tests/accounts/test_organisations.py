"""Organisations and who serves them, by page and by command."""

import html

import pytest
from flask.testing import FlaskClient

from accounts import audit, organisations, users
from accounts.models import OrganisationKind
from accounts.organisations import (
    Listed,
    NoPartnerError,
    NotServedError,
    OrganisationNameError,
    OrganisationTakenError,
)
from accounts.users import UnknownOrganisationError
from storage.clock import now
from storage.db import Database
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD

PARTNER, SCHOOL = "Связь-Партнёр", "Школа № 5"


@pytest.fixture
def database(installation: Installation) -> Database:
    return installation.database


def add(database: Database, name: str, kind: OrganisationKind, partner: str = "") -> None:
    with database.writing() as session:
        organisations.add(session, name, kind, partner, actor="olga", now=now())


def stocked(database: Database) -> None:
    add(database, PARTNER, OrganisationKind.PARTNER)
    add(database, SCHOOL, OrganisationKind.CUSTOMER, PARTNER)


def test_a_customer_is_served_by_a_partner_until_that_ends(database: Database) -> None:
    stocked(database)
    with database.writing() as session:
        assert Listed(SCHOOL, OrganisationKind.CUSTOMER, PARTNER, 0) in organisations.every(session)
        organisations.assign(session, SCHOOL, "", actor="olga", now=now())
        assert Listed(SCHOOL, OrganisationKind.CUSTOMER, None, 0) in organisations.every(session)
        told = [(entry.action, entry.actor) for entry in audit.latest(session, 9, None)]
    assert told.count(("organisation.assign", "olga")) == 2
    assert told.count(("organisation.add", "olga")) == 2


def test_what_makes_no_sense_is_refused(database: Database) -> None:
    stocked(database)
    for name, error in (
        ("", OrganisationNameError),
        ("я" * 121, OrganisationNameError),
        ("a\x1bb", OrganisationNameError),
        (f"  {SCHOOL} ", OrganisationTakenError),
    ):
        with pytest.raises(error):
            add(database, name, OrganisationKind.CUSTOMER)
    with pytest.raises(NoPartnerError):
        add(database, "Завод", OrganisationKind.CUSTOMER, SCHOOL)
    with pytest.raises(NotServedError):
        add(database, "Второй партнёр", OrganisationKind.PARTNER, PARTNER)
    with pytest.raises(UnknownOrganisationError):
        add(database, "Завод", OrganisationKind.CUSTOMER, "Никто")
    with database.reading() as session:
        assert [one.name for one in organisations.every(session)] == [PARTNER, SCHOOL]


def test_an_administrator_keeps_them_on_a_page(client: FlaskClient, database: Database) -> None:
    address = "/staff/organisations/"
    assert client.get(address).status_code == 302
    with database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    log_in(client)
    post(client, address, {"name": PARTNER, "kind": "partner"})
    added = post(client, address, {"name": SCHOOL, "kind": "customer", "partner": PARTNER})
    assert added.status_code == 302
    assert f'<option value="{PARTNER}" selected>' in html.unescape(client.get(address).text)
    twice = post(client, address, {"name": SCHOOL, "kind": "customer"})
    assert twice.status_code == 409
    assert "уже есть" in html.unescape(twice.text)
    assert post(client, f"{address}partner", {"customer": SCHOOL}, page=address).status_code == 302
    with database.reading() as session:
        assert [one.partner for one in organisations.every(session)] == [None, None]
