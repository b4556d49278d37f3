import html
import io
import re
from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts import users
from accounts.models import OrganisationKind
from storage.clock import MOSCOW, now
from support.attachments import receiving
from support.attachments.content import Accepted
from support.attachments.receiving import FILES_MAX
from support.personal_data.models import Consent
from support.requests import describing, intake, records, refusing, talking
from support.requests.intake import PER_SOURCE_HOURLY
from support.requests.messages import Text
from support.requests.models import SupportRequest
from support.requests.refusal_rules import Grounds
from support.requests.talking import Answer
from support.requests.vocabulary import RefusalCode
from support.sla.log import State
from tests.browserless import form_token
from tests.support.racing import beaten_once
from tests.support.register import CUSTOMER
from tests.support.requests.desk import ANNA, Desk

FORM = {
    "subject": "Нет звука",
    "text": "Собеседник меня не слышит.",
    "name": "Анна Петрова",
    "email": "anna@romashka.example",
    "symptom": "sound",
    "priority": "P2",
    "firmware": "2.4.1",
    "read_rules": "1",
    "consent": "1",
    "form_key": "k" * 32,
}


@pytest.fixture
def backend() -> str:
    """Words and pages are the same over any database; what is stored runs on both."""
    return "sqlite"


def send(client: FlaskClient, **fields: object) -> TestResponse:
    form = {**FORM, "csrf_token": form_token(client, "/support/new"), **fields}
    return client.post("/support/new", data=form, content_type="multipart/form-data")


def opened(client: FlaskClient, **fields: object) -> str:
    """The address of the new request's page."""
    answer = send(client, **fields)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def read(page: TestResponse) -> str:
    return html.unescape(page.text)


def newest(desk: Desk) -> SupportRequest:
    with desk.installation.database.reading() as session:
        found = session.scalar(select(SupportRequest).order_by(SupportRequest.id.desc()).limit(1))
    assert found is not None
    return found


def say(desk: Desk, number: int, then: State | None = None) -> None:
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        new = Answer(Text("Проверьте гарнитуру."), f"agent-{number}-{then}", then)
        talking.answer(
            session, desk.installation, request, new, actor="olga", name="Ольга", now=now()
        )


def many_files() -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(b"words"), f"{number}.txt") for number in range(FILES_MAX + 1)]


def staff_name_the_customer(desk: Desk, name: str = CUSTOMER) -> None:
    with desk.installation.database.writing() as session:
        changes = {"organisation_id": str(users.organisation(session, name).id)}
        request = records.get_to_change(session, newest(desk).id)
        describing.describe(session, desk.installation, request, changes, actor="olga", now=now())


def test_a_person_opens_a_request_and_follows_it_by_its_address(
    client: FlaskClient, desk: Desk
) -> None:
    page = client.get(opened(client, serials=desk.register.first))
    assert page.status_code == 200
    text = read(page)
    assert f"Обращение № {newest(desk).id}" in text
    assert "Собеседник меня не слышит." in text
    assert desk.register.first in text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert newest(desk).attestation["by"] == "customer"


def test_a_consent_is_a_record_of_its_own_with_the_text_it_was_given_to(
    client: FlaskClient, desk: Desk
) -> None:
    opened(client)
    with desk.installation.database.reading() as session:
        given = session.scalars(select(Consent)).one()
    assert (given.email, given.channel) == ("anna@romashka.example", "form")
    assert newest(desk).consent_id == given.id


def test_a_form_sent_twice_is_one_request(client: FlaskClient, desk: Desk) -> None:
    assert opened(client) == opened(client)
    with desk.installation.database.reading() as session:
        assert len(session.scalars(select(SupportRequest)).all()) == 1


def test_a_form_sent_twice_at_once_leads_both_to_one_request(
    client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = opened(client)
    monkeypatch.setattr(intake, "register", beaten_once(intake.register))
    assert opened(client) == address
    assert newest(desk).id == 1


def test_a_key_that_is_no_key_of_ours_leads_to_nobody_elses_request(
    client: FlaskClient, desk: Desk
) -> None:
    assert opened(client, form_key="1") != opened(client, form_key="1")
    assert desk.letters("request.acknowledged")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("subject", "", "Назовите тему"),
        ("text", " ", "Напишите текст"),
        ("email", "", "Укажите адрес электронной почты"),
        ("email", "нет такого", "Укажите адрес электронной почты"),
        ("email", "info@фирма.рф", "Укажите адрес электронной почты латиницей"),
        ("email", "ivan@firma.ru.", "Укажите адрес электронной почты латиницей"),
        ("read_rules", "", "Подтвердите, что прочитали правила"),
        ("consent", "", "Отметьте согласие"),
        ("name", "x" * 200, "Укажите имя"),
        ("name", " ", "Назовите себя"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    client: FlaskClient, desk: Desk, field: str, value: str, said: str
) -> None:
    page = send(client, **{field: value})
    assert page.status_code == 422
    assert said in read(page)
    kept = {"subject": "Нет звука", "text": "Собеседник меня не слышит.", "firmware": "2.4.1"}
    assert all(words in read(page) for name, words in kept.items() if name != field)
    with desk.installation.database.reading() as session:
        assert session.scalar(select(SupportRequest)) is None


def test_all_that_is_missing_is_named_at_once_in_the_order_of_the_form(
    client: FlaskClient, desk: Desk
) -> None:
    empty = dict.fromkeys(("subject", "name", "email", "read_rules", "consent"), "")
    page = send(client, **empty, files=(io.BytesIO(b"MZ\x00\x01"), "снимок.png"))
    assert page.status_code == 422
    summary = page.text.split("error-summary")[1].split("</ul>")[0]
    named = ["subject", "files", "name", "email", "read_rules", "consent"]
    assert re.findall(r'href="#(\w+)"', summary) == named
    assert page.text.count('aria-invalid="true"') == len(named)
    assert "Собеседник меня не слышит." in read(page)
    assert "Файл «снимок.png» не принят" in read(page)
    assert "Выберите файлы ещё раз" in read(page)
    with desk.installation.database.reading() as session:
        assert session.scalar(select(SupportRequest)) is None


def test_a_file_is_judged_by_its_content_and_only_saved(client: FlaskClient, desk: Desk) -> None:
    bad = send(client, files=(io.BytesIO(b"MZ\x00\x01\x02"), "снимок.png"))
    assert bad.status_code == 422
    assert "не принят" in read(bad)
    address = opened(client, files=(io.BytesIO("журнал <script>".encode()), "phone.log"))
    link = re.search(r'href="([^"]+/files/[^"]+)"', client.get(address).text)
    assert link is not None
    file = client.get(link[1])
    assert file.data == "журнал <script>".encode()
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in file.headers["Cache-Control"]
    file.close()
    assert client.get(link[1].replace("/files/", "/files/9")).status_code == 404
    assert newest(desk).subject == "Нет звука"


def test_too_many_files_are_refused_before_any_is_looked_into(
    client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = opened(client)
    token = form_token(client, address)
    looked: list[str] = []

    def inspected(name: str, _data: bytes) -> Accepted:
        looked.append(name)
        return Accepted(name, "text/plain", b"x")

    monkeypatch.setattr(receiving, "inspect", inspected)
    page = send(client, files=many_files())
    assert page.status_code == 422
    assert "Файлов не больше 10" in read(page)
    word = {"csrf_token": token, "text": "Вот", "files": many_files()}
    assert client.post(f"{address}/reply", data=word).status_code == 422
    assert looked == []
    assert desk.request(1).subject == "Нет звука"


def test_a_source_over_its_limit_has_no_file_looked_into(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PER_SOURCE_HOURLY", 0)
    monkeypatch.setattr(receiving, "inspect", None)
    page = send(client, files=(io.BytesIO(b"words"), "phone.log"))
    assert page.status_code == 422
    assert "support@flat-pro.ru" in read(page)


def test_a_refused_form_asks_for_its_files_again(client: FlaskClient) -> None:
    again = "Выберите файлы ещё раз"
    assert again in read(send(client, subject="", files=(io.BytesIO(b"words"), "phone.log")))
    assert again not in read(send(client, subject=""))


def test_a_form_that_comes_back_has_no_picture_drawn(client: FlaskClient) -> None:
    damaged = (io.BytesIO(b"\x89PNG\r\n\x1a\nnothing"), "снимок.png")
    assert "не принят" not in read(send(client, subject="", files=damaged))
    damaged = (io.BytesIO(b"\x89PNG\r\n\x1a\nnothing"), "снимок.png")
    assert "он повреждён" in read(send(client, files=damaged))


def test_s3_the_page_says_by_when_with_a_package(client: FlaskClient, desk: Desk) -> None:
    desk.conclude("PREMIUM", valid_from=date(2020, 1, 1), valid_to=date(2099, 1, 1))
    address = opened(client, serials=desk.register.first)
    staff_name_the_customer(desk)
    text = read(client.get(address))
    assert "Мы ответим не позже" in text
    assert "Реагирование" in text
    assert "PREMIUM: договор на поддержку" in text


def test_who_proved_nothing_learns_no_warranty_and_no_contract_of_a_phone(
    client: FlaskClient, desk: Desk
) -> None:
    desk.writes_for_customer()
    desk.conclude("PREMIUM", valid_from=date(2020, 1, 1), valid_to=date(2099, 1, 1))
    desk.register.prove(desk.register.second, date(2015, 6, 1))
    for number, serial in enumerate((desk.register.first, desk.register.second)):
        address = opened(client, serials=serial, form_key=str(number) * 32)
        text = read(client.get(address))
        assert newest(desk).organisation_id is None
        for told in ("PREMIUM", "FREE: ", "договор на поддержку", "на гарантии", "Реагирование"):
            assert told not in text
        assert "Мы ответим не позже" not in text


def test_another_customers_contract_is_not_told_to_who_names_its_phone(
    client: FlaskClient, desk: Desk
) -> None:
    desk.conclude("PREMIUM", valid_from=date(2020, 1, 1), valid_to=date(2099, 1, 1))
    address = opened(client, serials=desk.register.first)
    with desk.installation.database.writing() as session:
        users.add_organisation(session, "ООО «Лютик»", OrganisationKind.CUSTOMER)
    staff_name_the_customer(desk, "ООО «Лютик»")
    assert "PREMIUM" not in read(client.get(address))


def test_s5_free_support_shows_no_clock(client: FlaskClient, desk: Desk) -> None:
    text = read(client.get(opened(client, serials=desk.register.first)))
    assert "не имеет регламентированного времени" in text
    assert "<progress" not in text


def test_s10_a_word_on_the_page_ends_a_pause_and_twice_is_once(
    client: FlaskClient, desk: Desk
) -> None:
    address = opened(client)
    number = newest(desk).id
    say(desk, number, State.WAITING_CUSTOMER)
    assert "Ваша очередь" in read(client.get(address))
    form = {"csrf_token": form_token(client, address), "text": "Сменили.", "form_key": "r" * 32}
    for _time in range(2):
        assert client.post(f"{address}/reply", data=form).status_code == 302
    assert desk.state(number) is State.OPEN
    assert read(client.get(address)).count("Сменили.") == 1


def test_an_empty_word_is_refused_and_a_note_of_staff_is_not_shown(
    client: FlaskClient, desk: Desk
) -> None:
    address = opened(client)
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, newest(desk).id)
        talking.note(
            session, desk.installation, request, Text("Подозреваю обрыв"),
            form_key="n", actor="olga", name="Ольга", now=now(),
        )  # fmt: skip
    form = {"csrf_token": form_token(client, address), "text": ""}
    page = client.post(f"{address}/reply", data=form)
    assert page.status_code == 422
    assert "Подозреваю" not in read(page)


def test_a_closed_request_takes_no_more_words_and_keeps_what_was_typed(
    client: FlaskClient, desk: Desk
) -> None:
    address = opened(client)
    token = form_token(client, address)
    say(desk, newest(desk).id, State.RESOLVED)
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, newest(desk).id)
        talking.close(session, request, actor="olga", now=now())
    page = client.post(f"{address}/reply", data={"csrf_token": token, "text": "Ещё вопрос"})
    assert page.status_code == 409
    assert "Обращение закрыто" in read(page)


def test_n6_a_refusal_is_told_with_its_reason_and_may_be_appealed_once(
    client: FlaskClient, desk: Desk
) -> None:
    address = opened(client)
    number = newest(desk).id
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        refusing.propose(
            session, request, RefusalCode.SKILL_GAP, "Нужно обучение.",
            Grounds(manual="Глава 4"), actor="olga", now=now(),
        )  # fmt: skip
    assert "Нужно обучение." not in read(client.get(address))
    judge = refusing.Judge("boss", is_lead=True)
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        refusing.decide(session, desk.installation, request, agree=True, judge=judge, now=now())
    text = read(client.get(address))
    assert "Нужно обучение." in text
    assert "Глава 4" in text
    form = {"csrf_token": form_token(client, address), "appeal": "У меня есть сертификат"}
    assert client.post(f"{address}/appeal", data={**form, "appeal": ""}).status_code == 422
    assert client.post(f"{address}/appeal", data=form).status_code == 302
    assert "У меня есть сертификат" in read(client.get(address))
    assert client.post(f"{address}/appeal", data=form).status_code == 404


def test_a_wrong_address_is_no_request(client: FlaskClient, desk: Desk) -> None:
    address = opened(client)
    assert client.get(address[:-1] + "!").status_code == 404
    assert client.get("/support/r/x").status_code == 404
    assert newest(desk).token_sealed not in client.get(address).data


def test_a_source_that_sends_more_than_a_person_would_is_told_another_way(
    client: FlaskClient, desk: Desk
) -> None:
    at = now().astimezone(MOSCOW).replace(tzinfo=None).isoformat()
    for number in range(PER_SOURCE_HOURLY):
        desk.comes(at, source="127.0.0.1", contact=replace(ANNA, email=f"a{number}@b.example"))
    page = send(client)
    assert page.status_code == 422
    assert "support@flat-pro.ru" in read(page)


def test_a_robot_that_fills_in_the_hidden_field_opens_nothing(
    client: FlaskClient, desk: Desk
) -> None:
    assert send(client, website="http://spam").status_code == 302
    with desk.installation.database.reading() as session:
        assert session.scalar(select(SupportRequest)) is None
