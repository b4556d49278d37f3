"""Devices over the API: paged by a cursor, found by any spelling, for staff's tokens only."""

import pytest
from flask.testing import FlaskClient

from accounts import tokens, users
from accounts.models import Role
from storage.clock import now
from storage.installation import Installation
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, SERIAL


@pytest.fixture
def bearer(installation: Installation) -> dict[str, str]:
    estates.build(installation)
    with installation.database.writing() as session:
        for number in range(2, 6):
            estates.add_phone(session, f"02f1a70000{number:02x}", None)
        new = users.NewUser("erp", "ERP", Role.AGENT, ADMIN_PASSWORD)
        user = users.add(session, new, actor="test", now=now())
        token = tokens.issue(session, user, "erp", actor="test", now=now())
    return {"Authorization": f"Bearer {token}"}


def test_the_pages_of_the_list_hold_every_device_once(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    macs, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/api/v1/devices?limit=2&cursor={cursor}", headers=bearer).json
        macs += [item["mac"] for item in page["items"]]
        cursor = page["next"]
    assert macs == [f"02f1a70000{number:02x}" for number in range(1, 6)]


def test_the_list_can_be_narrowed(client: FlaskClient, bearer: dict[str, str]) -> None:
    found = client.get(f"/api/v1/devices?q={SERIAL}&product=FP-B2", headers=bearer).json
    assert [item["serial"] for item in found["items"]] == [SERIAL]
    assert found["next"] is None


def test_one_device_is_told_with_its_types(client: FlaskClient, bearer: dict[str, str]) -> None:
    told = client.get("/api/v1/devices/02:F1:A7:00:00:01", headers=bearer).json
    assert (told["mac"], told["product"], told["hardware"]) == (MAC, "FP-B2", "A")
    assert (told["site"], told["organisation"], told["channel"]) == ("Офис", "Ромашка", "stable")
    assert told["last_check_in"] is None


def test_an_unknown_device_is_a_problem_with_a_code(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    answer = client.get("/api/v1/devices/02f1a7000099", headers=bearer)
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "unknown-device"


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=" + "a" * 13])
def test_a_bad_parameter_is_refused(
    client: FlaskClient, bearer: dict[str, str], query: str
) -> None:
    assert client.get(f"/api/v1/devices?{query}", headers=bearer).status_code == 422


def test_without_a_token_there_is_no_answer(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert bearer
    assert client.get("/api/v1/devices").status_code == 401
