"""S-8: a request under a contract with a named engineer goes to that person."""

import html
from datetime import date

import pytest
from flask.testing import FlaskClient

from accounts import users
from accounts.models import Role
from accounts.users import NewUser
from storage.clock import now
from storage.installation import Installation
from support.agreements import agreements, named_engineers
from support.agreements.named_engineers import NamedEngineerError, NoNamedEngineerError
from support.requests import describing, records
from support.requests.models import RequestEvent
from support.requests.vocabulary import EventKind
from tests.browserless import form_token
from tests.support.register import REGISTERED_AT, Register
from tests.support.requests.desk import Desk, moscow
from tests.support.requests.test_staff_views import log_in

IVAN, OLGA = "ivan", "olga"
PAGE = "/staff/support-contracts/"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    with installation.database.writing() as session:
        for login, role in ((IVAN, Role.ENGINEER), (OLGA, Role.AGENT), ("boris", Role.PUBLISHER)):
            new = NewUser(login, login.title(), role, "tests-Only-1234567")
            users.add(session, new, actor="test", now=REGISTERED_AT)
    return Desk(installation, register)


def assignments(desk: Desk, number: int) -> list[tuple[str, str]]:
    with desk.installation.database.reading() as session:
        found: list[RequestEvent] = list(records.events(session, number))
    return [(one.actor, one.details["to"]) for one in found if one.kind == EventKind.ASSIGNED]


def test_a_new_request_goes_to_the_engineer_whom_its_contract_names(desk: Desk) -> None:
    desk.conclude("PREMIUM", named_engineer=IVAN)
    number = desk.comes()
    assert desk.request(number).assigned_to == IVAN
    assert assignments(desk, number) == [("contract", IVAN)]


def test_a_request_without_such_a_contract_goes_to_nobody(desk: Desk) -> None:
    desk.conclude("PREMIUM")
    number = desk.comes()
    assert desk.request(number).assigned_to is None
    assert assignments(desk, number) == []


def test_a_request_that_turns_out_to_be_the_contracts_goes_there_unless_somebody_has_it(
    desk: Desk, register: Register
) -> None:
    desk.conclude("PREMIUM", serials=[register.first], named_engineer=IVAN)
    free, taken = desk.comes(serial=register.second), desk.comes(serial=register.second)
    with desk.installation.database.writing() as session:
        records.get_to_change(session, taken).assigned_to = OLGA
    for number in (free, taken):
        with desk.installation.database.writing() as session:
            describing.describe(
                session, desk.installation, records.get_to_change(session, number),
                {"serials": register.first}, actor=OLGA, now=moscow("2026-11-23T10:30"),
            )  # fmt: skip
    assert [desk.request(one).assigned_to for one in (free, taken)] == [IVAN, OLGA]


def test_who_answers_no_more_is_given_no_request(desk: Desk) -> None:
    desk.conclude("PREMIUM", named_engineer=IVAN)
    with desk.installation.database.writing() as session:
        users.disable(session, IVAN, actor="test", now=now())
    assert desk.request(desk.comes()).assigned_to is None


def test_a_contract_from_former_days_names_a_person_by_name(desk: Desk) -> None:
    desk.conclude("PREMIUM")
    with desk.installation.database.writing() as session:
        agreements.get(session, "ТП-1").named_engineer = "Ivan"
    assert desk.request(desk.comes()).assigned_to == IVAN


def test_only_who_answers_requests_is_named_and_only_where_the_package_has_one(desk: Desk) -> None:
    for login in ("boris", "nobody"):
        with pytest.raises(NamedEngineerError):
            desk.conclude("PREMIUM", named_engineer=login)
    with pytest.raises(NoNamedEngineerError):
        desk.conclude("STANDARD", named_engineer=IVAN)


def test_another_engineer_is_named_on_the_page_and_seen_on_the_desk(
    client: FlaskClient, desk: Desk
) -> None:
    in_force = {"valid_from": date(2020, 1, 1), "valid_to": date(2099, 1, 1)}
    desk.conclude("PREMIUM", named_engineer=IVAN, **in_force)
    desk.conclude("STANDARD", "ТП-2", **in_force)
    log_in(client, desk, OLGA)
    page = html.unescape(client.get(PAGE).text)
    assert page.count("закреплённый инженер: Ivan") == 1
    assert page.count('name="named_engineer"') == 1, "only where the package has one"
    form = {"csrf_token": form_token(client, f"{PAGE}new"), "number": "ТП-1"}
    assert client.post(f"{PAGE}engineer", data={**form, "named_engineer": OLGA}).status_code == 302
    wrong = client.post(f"{PAGE}engineer", data={**form, "named_engineer": "boris"})
    assert wrong.status_code == 422
    assert "на обращения не отвечает" in wrong.text
    number = desk.comes()
    assert desk.request(number).assigned_to == OLGA
    assert "закреплённый инженер: Olga" in html.unescape(
        client.get(f"/staff/requests/{number}").text
    )
    with desk.installation.database.reading() as session:
        found = named_engineers.of(session, agreements.get(session, "ТП-1"))
    assert found is not None
    assert found.login == OLGA
