import html
import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from accounts.models import Role
from storage.clock import now
from support.mailroom import outbox
from support.mailroom.letters import Letter
from support.mailroom.models import Fate, MailState, OutgoingMail
from support.mailroom.options import MailOptions
from support.requests import by_mail
from support.requests.models import RequestMessage
from tests.browserless import form_token
from tests.support.mailroom.letters_sent import letter
from tests.support.requests.desk import Desk
from tests.support.requests.test_staff_views import log_in


@pytest.fixture
def backend() -> str:
    return "sqlite"


def take(desk: Desk, raw: bytes) -> by_mail.Received:
    return by_mail.receive(desk.installation, io.BytesIO(raw), now())


def test_every_letter_is_shown_with_its_fate_and_its_bytes(client: FlaskClient, desk: Desk) -> None:
    raw = letter(Subject="Отпуск", Auto_Submitted="auto-replied").as_bytes()
    robot = take(desk, raw)
    take(desk, letter(Subject="Вопрос").as_bytes())
    log_in(client, desk, "olga")
    page = html.unescape(client.get("/staff/letters/").text)
    assert "Отпуск" in page
    assert "Вопрос" in page
    only = html.unescape(client.get("/staff/letters/?fate=automatic").text)
    assert "Вопрос" not in only
    assert "Вопрос" in html.unescape(client.get("/staff/letters/?fate=nonsense").text)
    kept = client.get(f"/staff/letters/{robot.mail_id}.eml")
    assert kept.data == raw
    assert kept.headers["Content-Disposition"].startswith("attachment")
    kept.close()
    assert client.get("/staff/letters/99.eml").status_code == 404


def test_a_letter_that_was_only_kept_becomes_a_request_once_and_is_not_answered(
    client: FlaskClient, desk: Desk
) -> None:
    kept = take(desk, letter(Precedence="bulk").as_bytes())
    bare = take(desk, b"Subject: x\r\n\r\nno sender")
    log_in(client, desk, "olga")
    form = {"csrf_token": form_token(client, "/staff/letters/")}
    for _time in range(2):
        done = client.post(f"/staff/letters/{kept.mail_id}/open", data=form)
        assert done.headers["Location"].endswith("/staff/requests/1")
    assert desk.request(1).contact_email == "anna@romashka.example"
    assert desk.letters() == []
    told = client.post(f"/staff/letters/{bare.mail_id}/open", data=form, follow_redirects=True)
    assert "нет адреса" in html.unescape(told.text)
    assert bare.fate is Fate.UNREADABLE


def test_a_letter_that_did_not_leave_is_tried_again(client: FlaskClient, desk: Desk) -> None:
    with desk.installation.database.writing() as session:
        lost = Letter("anna@romashka.example", "Ответ", "текст", "test")
        number = outbox.post(session, lost, MailOptions(), now=now() - timedelta(days=3)).id
        session.execute(update(OutgoingMail).values(state=MailState.FAILED, error="550 no"))
    log_in(client, desk, "olga")
    assert "550 no" in client.get("/staff/letters/").text
    form = {"csrf_token": form_token(client, "/staff/letters/")}
    assert client.post(f"/staff/letters/out/{number}/again", data=form).status_code == 302
    assert desk.letters()[0].state == MailState.WAITING
    assert "FLATPRO_SMTP_URL" in client.get("/staff/letters/").text


def test_n3_a_restricted_letter_is_for_administrators(client: FlaskClient, desk: Desk) -> None:
    got = take(desk, letter("Грубые слова").as_bytes())
    with desk.installation.database.writing() as session:
        session.execute(update(RequestMessage).values(restricted=True))
    log_in(client, desk, "olga")
    assert client.get(f"/staff/letters/{got.mail_id}.eml").status_code == 404
    log_in(client, desk, "boss", Role.ADMIN)
    seen = client.get(f"/staff/letters/{got.mail_id}.eml")
    assert seen.status_code == 200
    seen.close()


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PARTNER, Role.PUBLISHER])
def test_letters_are_for_those_who_answer_them(client: FlaskClient, desk: Desk, role: Role) -> None:
    got = take(desk, letter().as_bytes())
    log_in(client, desk, "somebody", role)
    assert client.get("/staff/letters/").status_code == 403
    assert client.get(f"/staff/letters/{got.mail_id}.eml").status_code == 403
