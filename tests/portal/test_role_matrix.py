"""S4: each route by each role that it does not take: turned away, whatever the address holds."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from accounts import access, sessions, users
from accounts.identification import SESSION_KEY
from accounts.models import OrganisationKind, Role, User
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token

OWNER = "Ветер"
WITHIN = {Role.CUSTOMER, Role.PARTNER}


@pytest.fixture
def backend() -> str:
    return "sqlite"


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route that not everybody may open, with each of its methods."""
    for rule in app.url_map.iter_rules():
        stated = access.rule_of(app, rule.endpoint)
        if stated is not None and stated.roles is not None:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def address_of(rule: Rule) -> str:
    """The address with an id in each place that wants one."""
    return re.sub(r"<(?:(\w+)[^:>]*:)?\w+>", lambda m: "1" if m[1] == "int" else "x1", str(rule))


def as_role(app: Flask, installation: Installation, role: Role) -> FlaskClient:
    client = app.test_client()
    with installation.database.writing() as session:
        organisation = users.organisation(session, OWNER) if role in WITHIN else None
        person = User(login=role.value, name=role.value, role=role, password_hash="none")
        person.created_at = now()
        person.organisation_id = organisation.id if organisation else None
        session.add(person)
        session.flush()
        name = sessions.begin(session, person, source="test", now=now())
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = name
    return client


@pytest.fixture
def people(
    app: Flask, installation: Installation, roles: list[Role]
) -> dict[Role | None, FlaskClient]:
    """One of each of these roles, and a stranger."""
    with installation.database.writing() as session:
        users.add_organisation(session, OWNER, OrganisationKind.CUSTOMER)
    found: dict[Role | None, FlaskClient] = {None: app.test_client()}
    return found | {role: as_role(app, installation, role) for role in roles}


@pytest.mark.parametrize(
    "roles",
    [[Role.CUSTOMER], pytest.param(list(Role), marks=pytest.mark.prove)],
    ids=["customer", "all"],
)
def test_proof_s4_every_role_is_turned_away_from_every_route_that_does_not_take_it(
    app: Flask, people: dict[Role | None, FlaskClient]
) -> None:
    asked, told, missed = Counter[str](), [], 0
    for role, client in people.items():
        # A page that has a form for whoever asks.
        token = form_token(client, "/support/new")
        for rule, method in routes(app):
            stated = access.rule_of(app, rule.endpoint)
            assert stated is not None
            assert stated.roles is not None
            if role in stated.roles:
                continue
            headers = {"X-CSRFToken": token}
            status = client.open(address_of(rule), method=method, headers=headers).status_code
            asked[str(rule)] += 1
            missed += status == 404
            if status not in ({302, 401, 404} if role is None else {403, 404}):
                told.append((role, method, address_of(rule), status))
    print(  # noqa: T201
        f"S4: {asked.total()} requests by {len(people)} kinds of people to {len(asked)} routes "
        "that do not take them, all turned away"
    )
    assert told == []
    assert len(asked) > 100
    assert missed < asked.total() / 20, "addresses that are no route's prove nothing"
