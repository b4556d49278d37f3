"""S4: every address with an id that a customer or partner may open, tried with another's ids."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import access
from accounts.models import Role
from tests.browserless import form_token
from tests.support.customers.test_portal import (
    OTHER,
    _world,
    backend,
    desk,
    log_in,
    objects,
)
from tests.support.requests.desk import Desk

__all__ = ["_world", "backend", "desk"]


def addresses(app: Flask, role: Role, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Method and address of every route with an id that takes this role and not everybody."""

    def filled(found: re.Match[str]) -> str:
        return ids.get(found[2], "1" if found[1] == "int" else ids["serial"])

    for rule in app.url_map.iter_rules():
        stated = access.rule_of(app, rule.endpoint)
        if stated is None or stated.roles is None or role not in stated.roles:
            continue
        if rule.arguments:
            address = re.sub(r"<(?:(\w+)[^:>]*:)?(\w+)>", filled, str(rule))
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, address


@pytest.mark.usefixtures("_world")
@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PARTNER])
def test_proof_s4_no_address_opens_another_organisations_thing(
    app: Flask, client: FlaskClient, desk: Desk, role: Role
) -> None:
    theirs = [address.rpartition("/")[2] for address in objects(desk)]
    log_in(client, desk.register, role, OTHER)
    token = form_token(client, "/support/new")
    told, asked = [], 0
    for method, address in addresses(app, role, {"serial": theirs[0], "number": theirs[1]}):
        answer = client.open(address, method=method, headers={"X-CSRFToken": token})
        asked += 1
        if answer.status_code not in {403, 404}:
            told.append((method, address, answer.status_code))
    print(f"S4: {asked} addresses with another organisation's ids by a {role.value}, 0 opened")  # noqa: T201
    assert told == []
    assert asked >= 4
