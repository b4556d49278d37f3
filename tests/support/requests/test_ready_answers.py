"""Ready answers: kept in both languages, checked, changed with their history."""

import pytest
from flask.testing import FlaskClient

from accounts.models import Role
from storage.installation import Installation
from support.requests import ready_answers
from support.requests.ready_answers import (
    AnswerChangedError,
    AnswerNameError,
    AnswerNameTakenError,
    AnswerPlaceError,
    AnswerTextError,
    NewAnswer,
)
from tests.browserless import form_token
from tests.support.register import Register
from tests.support.requests.desk import moscow
from tests.support.test_views import log_in

GOOD = NewAnswer("Сброс", "Здравствуйте, {name}! Сбросьте {product}.", "Hello {name}, reset it.")
NINE, TEN = "2026-11-23T09:00", "2026-11-23T10:00"


@pytest.mark.parametrize(
    "text", ["{имя}", "{name", "name}", "{}", "{name.__class__}", "{0}", "{{name}}", "{Name}"]
)
def test_what_cannot_be_filled_in_is_refused_and_named(text: str) -> None:
    with pytest.raises(AnswerPlaceError, match=r"\{product\}"):
        NewAnswer("a", f"Здравствуйте, {text}", "b").checked()
    with pytest.raises(AnswerPlaceError):
        NewAnswer("a", "b", text).checked()


def test_an_answer_needs_a_name_and_both_languages() -> None:
    assert GOOD.checked() == GOOD
    with pytest.raises(AnswerNameError):
        NewAnswer(" ", "а", "b").checked()
    for ru, en in (("", "b"), ("а", " \r\n"), ("а" * 4001, "b")):
        with pytest.raises(AnswerTextError):
            NewAnswer("a", ru, en).checked()


def test_a_change_keeps_what_was_before_and_two_people_notice_each_other(
    installation: Installation,
) -> None:
    with installation.database.writing() as session:
        row = ready_answers.add(session, GOOD, actor="olga", now=moscow(NINE))
        seen, number = row.changed_at.isoformat(), row.id
        with pytest.raises(AnswerNameTakenError):
            ready_answers.add(session, GOOD, actor="ivan", now=moscow(NINE))
        new = NewAnswer("Сброс", "Нажмите {product}.", "Press it.")
        ready_answers.change(session, number, new, seen, actor="ivan", now=moscow(TEN))
        with pytest.raises(AnswerChangedError):
            ready_answers.change(session, number, GOOD, seen, actor="olga", now=moscow(TEN))
    with installation.database.reading() as session:
        row = ready_answers.get(session, number)
        assert (row.ru, row.changed_by) == ("Нажмите {product}.", "ivan")
        changed, added = ready_answers.history(session, row)
    assert (changed.actor, changed.before, added.before) == ("ivan", GOOD, None)


def test_an_agent_writes_changes_and_removes_an_answer_on_the_pages(
    client: FlaskClient, register: Register
) -> None:
    log_in(client, register, Role.AGENT)
    home = "/staff/ready-answers/"

    def send(path: str, **form: str) -> int:
        token = form_token(client, f"{home}new")
        return client.post(f"{home}{path}", data={"csrf_token": token, **form}).status_code

    good = {"name": "Сброс", "ru": "{name}, сбросьте.", "en": "{name}, reset."}
    refused = client.post(
        f"{home}new",
        data={"csrf_token": form_token(client, f"{home}new"), **good, "ru": "{фио}"},
    )
    assert refused.status_code == 422
    assert "«{фио}» подставить нельзя" in refused.get_data(as_text=True)
    assert "{name}, reset." in refused.get_data(as_text=True)
    assert send("new", **good) == 302
    assert send("new", **good) == 409
    assert send("1", **good, seen="1") == 409
    assert "сбросьте" in client.get(f"{home}1").get_data(as_text=True)
    assert "{name}, сбросьте." in client.get(home).get_data(as_text=True)
    assert send("1/remove") == 302
    assert client.get(f"{home}1").status_code == 404
    assert send("999999999999/remove") == 404


def test_a_customer_does_not_see_them(client: FlaskClient, register: Register) -> None:
    log_in(client, register, Role.CUSTOMER)
    assert client.get("/staff/ready-answers/").status_code == 403
