"""Contracts of paid support by pages and commands: without them nobody has a package or a debt."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts.models import Role
from storage.clock import moscow_date, now
from storage.installation import Installation
from support.agreements import agreements, debts
from support.requests.vocabulary import Channel
from tests.browserless import form_token
from tests.support.register import CUSTOMER, Register
from tests.support.requests.desk import Desk
from tests.support.requests.test_staff_views import log_in

PAGE = "/staff/support-contracts/"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)


@pytest.fixture
def agent(client: FlaskClient, desk: Desk) -> FlaskClient:
    log_in(client, desk, "olga")
    return client


def do(agent: FlaskClient, path: str, **form: str) -> TestResponse:
    token = form_token(agent, f"{PAGE}new")
    return agent.post(f"{PAGE}{path}", data={"csrf_token": token, **form})


def contract(**changes: str) -> dict[str, str]:
    first, last = date(2026, 1, 1), moscow_date(now()) + timedelta(days=200)
    known = {"number": "ТП-7", "owner": CUSTOMER, "package": "STANDARD"}
    return {**known, "valid_from": f"{first}", "valid_to": f"{last}", **changes}


def test_a_contract_concluded_on_the_page_gives_a_letter_its_package(
    agent: FlaskClient, desk: Desk
) -> None:
    assert do(agent, "new", **contract()).status_code == 302
    assert do(agent, "contacts", address="@romashka.example", owner=CUSTOMER).status_code == 302
    page = agent.get(PAGE).text
    for words in ("ТП-7", CUSTOMER, "STANDARD", "все телефоны организации", "@romashka.example"):
        assert words in page
    number = desk.comes("2026-11-23T10:00", channel=Channel.EMAIL)
    assert desk.request(number).package == "STANDARD"
    # Whoever writes for nobody any more has no contract either.
    assert do(agent, "contacts/remove", address="@romashka.example").status_code == 302
    assert do(agent, "contacts/remove", address="@romashka.example").status_code == 302
    again = desk.comes("2026-11-23T11:00", channel=Channel.EMAIL, serial="")
    assert desk.request(again).package == "FREE"


def test_a_contract_for_one_phone_is_for_no_other_and_ends_on_its_day(
    agent: FlaskClient, desk: Desk
) -> None:
    made = do(agent, "new", **contract(serials=f"{desk.register.first}\n"))
    assert made.status_code == 302
    assert desk.register.first in agent.get(PAGE).text
    assert do(agent, "end", number="ТП-7", last_day="2026-11-01").status_code == 302
    with desk.installation.database.reading() as session:
        assert agreements.get(session, "ТП-7").valid_to == date(2026, 11, 1)
    assert "закончен" in agent.get(PAGE).text


@pytest.mark.parametrize(
    "changes",
    [
        {"number": ""}, {"number": "x" * 65}, {"owner": "Никто"}, {"package": "FREE"},
        {"valid_to": "2025-01-01"}, {"valid_from": "вчера"}, {"serials": "FP2546B2XXXXXXX"},
        {"sites": "Луна"}, {"serials": "\u202e%_\\'" * 99},
    ],
)  # fmt: skip
def test_what_makes_no_contract_is_refused_and_the_form_comes_back(
    agent: FlaskClient, changes: dict[str, str]
) -> None:
    answer = do(agent, "new", **contract(**changes))
    assert answer.status_code in {404, 422}
    assert do(agent, "new", **contract()).status_code == 302
    assert do(agent, "new", **contract()).status_code == 409


def test_n5_the_accounts_table_is_taken_in_whole_or_not_at_all(
    agent: FlaskClient, desk: Desk
) -> None:
    today = moscow_date(now())
    row = f"{CUSTOMER};1200,50;{today}"
    head = "organisation;overdue;as_of"
    assert do(agent, "debts", table=f"{head}\n{row}\nНикто;1;{today}").status_code == 422
    assert do(agent, "debts", table=f"{head}\n{row}").status_code == 302
    assert "1 200,50" in agent.get(PAGE).text.replace("\u00a0", " ").replace("\u202f", " ")
    with desk.installation.database.reading() as session:
        [(name, figure)] = debts.every(session)
    assert (name, figure.as_of) == (CUSTOMER, today)
    broken = (
        f"{head}\n{'x' * 140_000};1;{today}",
        f"{head}\n{CUSTOMER};999999999999.999;{today}",
        f'{head}\n"{CUSTOMER};1;{today}',
    )
    for table in ("", "a,b\n1,2", "x" * 5000, *broken):
        assert do(agent, "debts", table=table).status_code == 422


def test_addresses_that_are_none_and_strangers_are_turned_away(
    agent: FlaskClient, client: FlaskClient, desk: Desk
) -> None:
    assert do(agent, "contacts", address="анна@ромашка", owner=CUSTOMER).status_code == 422
    assert do(agent, "contacts", address="a@b.ru", owner="Никто").status_code in {404, 422}
    assert do(agent, "end", number="нет такого", last_day="2026-11-01").status_code == 404
    assert do(agent, "end", number="нет такого", last_day="x").status_code == 422
    log_in(client, desk, "boris", Role.PUBLISHER)
    assert client.get(PAGE).status_code == 403


def test_the_commands_do_the_same(desk: Desk, tmp_path: Path) -> None:
    environment = {
        **os.environ, "FLATPRO_DATA_DIR": str(desk.installation.data_dir), "LC_ALL": "C.UTF-8",
    }  # fmt: skip

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "portal.cli", "support-contract", *words]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment, timeout=60
        )
        return done.stdout

    run("add", "ТП-9", "--organisation", CUSTOMER, "--package", "BASIC", "--from", "2026-01-01",
        "--to", "2026-12-31", "--serial", desk.register.first)  # fmt: skip
    run("contact", "@romashka.example", "--organisation", CUSTOMER)
    run("end", "ТП-9", "--on", "2026-11-30")
    [told] = json.loads(run("list", "--json"))
    assert (told["to"], told["serials"]) == ("2026-11-30", [desk.register.first])
    file = io.StringIO()
    csv.writer(file).writerows([debts.COLUMNS, (CUSTOMER, "10.00", "2026-11-20")])
    (tmp_path / "debts.csv").write_text(file.getvalue(), encoding="utf-8-sig")
    run("debts", str(tmp_path / "debts.csv"))
    with desk.installation.database.reading() as session:
        [(name, figure)] = debts.every(session)
    assert (name, str(figure.overdue)) == (CUSTOMER, "10.00")
