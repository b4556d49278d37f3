import json
import re
from datetime import date

import pytest
from click.testing import CliRunner, Result

from accounts import users
from accounts.models import Role
from accounts.users import NewUser
from portal.cli import main
from portal.settings import Settings
from support.sla.log import State
from tests.support.register import REGISTERED_AT
from tests.support.requests.desk import Desk


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture(autouse=True)
def _place(settings: Settings, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLATPRO_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    with desk.installation.database.writing() as session:
        for login in ("olga", "ivan"):
            new = NewUser(login, login.title(), Role.AGENT, "tests-Only-1234567")
            users.add(session, new, actor="test", now=REGISTERED_AT)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["request", *words])


def test_a_call_is_registered_answered_resolved_and_closed(desk: Desk) -> None:
    opened = run("open", "Нет звука", "Собеседник не слышит", "--phone", "+7 900 000-00-00",
                 "--name", "Анна", "--serial", desk.register.first)  # fmt: skip
    assert opened.exit_code == 0, opened.output
    number = opened.stdout.strip()
    (row,) = json.loads(run("list", "--json").stdout)
    assert (row["number"], row["turn"], row["due"]) == (int(number), "ours", None)
    assert "Нет звука" in run("list").stdout
    refused = run("reply", number, "Ответ", "--by", "olga")
    assert refused.exit_code == 1
    assert "read the rules" in refused.output
    words = ("reply", number, "Смените гарнитуру", "--by", "olga", "--then", "resolved")
    assert run(*words, "--attested").exit_code == 0
    shown = json.loads(run("show", number, "--json").stdout)
    assert [one["text"] for one in shown["messages"]] == [
        "Собеседник не слышит",
        "Смените гарнитуру",
    ]
    assert "Смените гарнитуру" in run("show", number).stdout
    assert run("close", number).exit_code == 0
    assert desk.state(int(number)) is State.CLOSED
    assert json.loads(run("list", "--json").stdout) == []
    assert len(json.loads(run("list", "--shelf", "closed", "--json").stdout)) == 1


def test_a_request_shows_the_due_time_that_the_queue_shows(desk: Desk) -> None:
    desk.conclude("PREMIUM", valid_from=date(2020, 1, 1), valid_to=date(2099, 1, 1))
    number = str(desk.comes())
    (row,) = json.loads(run("list", "--json").stdout)
    assert row["due"]
    assert json.loads(run("show", number, "--json").stdout)["due"] == row["due"]
    assert re.search(r"^due +20\d\d-", run("show", number).stdout, re.MULTILINE)


def test_a_refusal_from_the_command_line_waits_for_a_second_person_too(desk: Desk) -> None:
    number = str(desk.comes())
    done = run("refuse", number, "ABUSE", "Просим без брани.", "--by", "olga")
    assert done.exit_code == 0, done.output
    assert desk.state(int(number)) is State.NEW
    again = run("refuse", number, "ABUSE", "Ещё раз.", "--by", "ivan")
    assert again.exit_code == 1
    assert "proposed or in force already" in again.output


@pytest.mark.parametrize(
    "words",
    [
        ("show", "99"),
        ("show", "99999999999999"),
        ("close", "1"),
        ("reply", "1", "x", "--by", "nobody"),
        ("open", "", "x", "--phone", "1"),
        ("open", "x", "x"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(desk: Desk, words: tuple[str, ...]) -> None:
    desk.comes()
    done = run(*words)
    assert done.exit_code == 1, done.output
    assert done.output.startswith("flatpro: ")
    assert "Traceback" not in done.output
