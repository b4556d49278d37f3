"""The demo without its phones, and the people who are led through its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts import sessions
from accounts.identification import SESSION_KEY
from accounts.models import Organisation, Role, User
from portal import demo, first_start, health
from portal.app import PAGES, create_app
from portal.demo import world
from portal.installing import open_installation
from portal.settings import Settings
from storage.clock import now
from storage.installation import Installation

OF = {Role.CUSTOMER: world.CUSTOMER, Role.PARTNER: "Связь-Партнёр"}
#: A publisher beside the administrator: what one hands in, another signs.
ROLES = (Role.CUSTOMER, Role.PARTNER, Role.PUBLISHER, Role.ADMIN)


@contextmanager
def demo_app(folder: Path) -> Iterator[tuple[Flask, Installation]]:
    settings = Settings(data_dir=folder, demo=True)
    installation = open_installation(settings)
    first_start.prepare(installation, settings)
    demo.prepare(installation, settings)
    app = create_app(installation, settings, PAGES)
    health.started(app).set()
    yield app, installation
    installation.database.dispose()


def logged_in(app: Flask, installation: Installation, role: Role) -> FlaskClient:
    client = app.test_client()
    with installation.database.writing() as session:
        person = User(login=f"walks-{role}", name=role, role=role, password_hash="none")
        person.created_at = now()
        if role in OF:
            named = select(Organisation.id).where(Organisation.name == OF[role])
            person.organisation_id = session.scalars(named).one()
        session.add(person)
        session.flush()
        name = sessions.begin(session, person, source="test", now=now())
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = name
    return client


def everybody(app: Flask, installation: Installation) -> dict[str, FlaskClient]:
    found = {str(role): logged_in(app, installation, role) for role in ROLES}
    return {"a stranger": app.test_client(), **found}
