"""An installation with one product, publishers, and as many sign-offs as a test asks for."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import identification, sessions, users
from accounts.models import Role, User
from catalogue import products
from firmware.reviewing.options import SignOffOptions
from storage.clock import now
from storage.installation import Installation
from tests.firmware.reviewing.review import CODE, LogIn, Vendor

PEOPLE = {
    "anna": Role.PUBLISHER,
    "boris": Role.PUBLISHER,
    "vera": Role.ADMIN,
    "egor": Role.ENGINEER,
}


@pytest.fixture
def required() -> int:
    """How many people must sign off; a test parametrizes it."""
    return 2


@pytest.fixture
def installation(installation: Installation, required: int) -> Installation:
    with installation.database.writing() as session:
        for code in (CODE, "FP-C5"):
            new = products.NewProduct(code, f"Телефон {code}", f"Phone {code}", ("A", "B"))
            products.add(session, new, actor="test", now=now())
        for login, role in PEOPLE.items():
            # Nobody here types a password, and hashing one takes most of a test's time.
            person = User(login=login, name=login.title(), role=role, password_hash="none")
            person.created_at = now()
            session.add(person)
    options = {**installation.options, SignOffOptions: SignOffOptions(required)}
    return replace(installation, options=options)


@pytest.fixture
def vendor(installation: Installation, app: Flask) -> Vendor:
    made = Vendor(installation, app)
    made.publish("1.0.0")
    return made


@pytest.fixture
def log_in(app: Flask, installation: Installation) -> LogIn:
    """A client whose session belongs to this person."""

    def logged_in(login: str) -> FlaskClient:
        with installation.database.writing() as session:
            name = sessions.begin(session, users.get(session, login), source="test", now=now())
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie[identification.SESSION_KEY] = name
        return client

    return logged_in
