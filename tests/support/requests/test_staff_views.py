import html
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts import sessions, users
from accounts.identification import SESSION_KEY
from accounts.models import AuditEntry, Role
from accounts.users import NewUser
from storage.clock import MOSCOW, now
from support.agreements.models import Receivable
from support.requests import records, refusing
from support.requests.models import RequestEvent
from support.requests.vocabulary import Channel, EventKind, RefusalCode, Symptom
from support.sla.log import State
from tests.browserless import form_token
from tests.support.register import CUSTOMER, REGISTERED_AT
from tests.support.requests.desk import ANNA, Desk

ALWAYS = {"valid_from": date(2020, 1, 1), "valid_to": date(2099, 1, 1)}


@pytest.fixture
def backend() -> str:
    """Words and pages are the same over any database; what is stored runs on both."""
    return "sqlite"


def moscow_text(instant: datetime) -> str:
    return instant.astimezone(MOSCOW).replace(tzinfo=None).isoformat()


def log_in(client: FlaskClient, desk: Desk, login: str, role: Role = Role.AGENT) -> None:
    owner = CUSTOMER if role in {Role.CUSTOMER, Role.PARTNER} else None
    with desk.installation.database.writing() as session:
        try:
            user = users.get(session, login)
        except users.UnknownUserError:
            new = NewUser(login, login.title(), role, "tests-Only-1234567", owner)
            user = users.add(session, new, actor="test", now=REGISTERED_AT)
        name = sessions.begin(session, user, source="127.0.0.1", now=now())
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = name


def do(client: FlaskClient, number: int, action: str, **fields: object) -> TestResponse:
    page = f"/staff/requests/{number}"
    text = client.get(page).text
    revision = re.search(r'name="revision" value="(\d+)"', text)
    form = {"csrf_token": form_token(client, page), "revision": revision and revision[1], **fields}
    return client.post(f"{page}/{action}", data={k: v for k, v in form.items() if v is not None})


def read(page: TestResponse) -> str:
    return html.unescape(page.text)


def came(desk: Desk, ago: timedelta = timedelta(hours=1), **more: object) -> int:
    return desk.comes(moscow_text(now() - ago), **more)


def test_the_queue_shows_what_is_due_first_and_whose_turn_it_is(
    client: FlaskClient, desk: Desk
) -> None:
    desk.conclude("BASIC", **ALWAYS)
    slow = came(desk)
    desk.conclude("PREMIUM", "ТП-2", **ALWAYS)
    fast = came(desk, symptom=Symptom.POWER)
    free = came(desk, serial="", contact=replace(ANNA, email="x@other.example"))
    log_in(client, desk, "olga")
    page = read(client.get("/staff/requests/"))
    places = [page.index(f"/staff/requests/{number}") for number in (fast, slow, free)]
    assert places == sorted(places)
    assert page.count("<progress") == 2
    assert "не регламентирован" in page
    desk.answers(fast, moscow_text(now()), State.WAITING_CUSTOMER)
    ours = read(client.get("/staff/requests/?shelf=ours"))
    assert f'/staff/requests/{slow}"' in ours
    assert f'/staff/requests/{fast}"' not in ours


@pytest.mark.parametrize(
    "query",
    ["q=Нет звука", "q=anna@", "q=Петрова", "q={serial}", "q={number}", "q=№ {number}",
     "assigned=-", "package=FREE"],
)  # fmt: skip
def test_a_request_is_found_by_what_people_know_of_it(
    client: FlaskClient, desk: Desk, query: str
) -> None:
    number = came(desk)
    log_in(client, desk, "olga")
    asked = query.format(serial=desk.register.first, number=number)
    assert f'/staff/requests/{number}"' in client.get(f"/staff/requests/?{asked}").text
    assert f'/staff/requests/{number}"' not in client.get("/staff/requests/?q=нет такого").text


@pytest.mark.parametrize(
    "query",
    [
        *("page=0", "page=-1", "page=9999999", "page=x", "shelf=%00x"),
        *("q=" + "9" * 300, "q=%25_%5C", "assigned=" + "x" * 500),
    ],
)
def test_an_odd_address_of_the_queue_is_no_fault(
    client: FlaskClient, desk: Desk, query: str
) -> None:
    came(desk)
    log_in(client, desk, "olga")
    assert client.get(f"/staff/requests/?{query}").status_code in {200, 400}


def test_a_long_queue_has_pages(client: FlaskClient, desk: Desk) -> None:
    for count in range(52):
        came(desk, contact=replace(ANNA, email=f"a{count}@x.example"))
    log_in(client, desk, "olga")
    assert "1–50 из 52" in read(client.get("/staff/requests/"))
    assert "51–52 из 52" in read(client.get("/staff/requests/?page=2"))


def test_an_answer_pauses_resolves_and_goes_out_once(client: FlaskClient, desk: Desk) -> None:
    desk.conclude(**ALWAYS)
    number = came(desk)
    log_in(client, desk, "olga")
    page = f"/staff/requests/{number}"
    token = form_token(client, page)
    form = {"csrf_token": token, "revision": "1", "form_key": "a" * 32, "text": "Какая прошивка?",
            "then": "waiting-customer"}  # fmt: skip
    for _time in range(2):
        assert client.post(f"{page}/answer", data=form).status_code == 302
    assert desk.state(number) is State.WAITING_CUSTOMER
    assert len(desk.letters("request.answered")) == 1
    text = read(client.get(page))
    assert text.count("Какая прошивка?") == 1
    assert "пауза" in text
    assert do(client, number, "answer", text="Готово", then="resolved").status_code == 302
    assert desk.state(number) is State.RESOLVED
    assert desk.request(number).assigned_to == "olga"


def test_two_agents_on_one_request_notice_each_other_and_lose_no_word(
    client: FlaskClient, desk: Desk
) -> None:
    number = came(desk)
    log_in(client, desk, "olga")
    page = f"/staff/requests/{number}"
    form = {"csrf_token": form_token(client, page), "revision": "1", "text": "Мой ответ"}
    desk.answers(number, moscow_text(now()))
    late = client.post(f"{page}/answer", data=form)
    assert late.status_code == 409
    assert "обращение изменилось" in read(late)
    assert "Мой ответ" in read(late)
    assert len(desk.letters("request.answered")) == 1


def test_a_note_stays_among_staff(client: FlaskClient, desk: Desk) -> None:
    number = came(desk)
    log_in(client, desk, "olga")
    assert do(client, number, "note", text="Похоже на обрыв").status_code == 302
    assert "видят только сотрудники" in read(client.get(f"/staff/requests/{number}"))
    assert desk.letters("request.answered") == []
    assert desk.state(number) is State.NEW


def test_the_state_is_moved_only_where_the_rules_let_it(client: FlaskClient, desk: Desk) -> None:
    desk.conclude(**ALWAYS)
    number = came(desk)
    log_in(client, desk, "olga")
    assert do(client, number, "state", state="waiting-rma-inbound").status_code == 302
    assert desk.state(number) is State.WAITING_RMA_INBOUND
    assert do(client, number, "state", state="closed").status_code == 409
    assert do(client, number, "state", state="nonsense").status_code == 302
    assert desk.state(number) is State.WAITING_RMA_INBOUND
    assert do(client, number, "restored").status_code == 302
    assert do(client, number, "state", state="resolved").status_code == 302
    assert do(client, number, "state", state="closed").status_code == 302
    assert do(client, number, "answer", text="Поздно").status_code == 409
    assert f'/staff/requests/{number}"' in client.get("/staff/requests/?shelf=closed").text


def test_a_request_is_given_to_somebody_who_takes_requests(client: FlaskClient, desk: Desk) -> None:
    number = came(desk)
    log_in(client, desk, "olga")
    assert do(client, number, "assign", assignee="olga").status_code == 302
    assert desk.request(number).assigned_to == "olga"
    assert f'/staff/requests/{number}"' in client.get("/staff/requests/?assigned=olga").text
    assert do(client, number, "assign", assignee="никто").status_code == 422
    assert do(client, number, "assign", assignee="").status_code == 302
    assert desk.request(number).assigned_to is None


def test_s11_describing_finds_the_package_anew(client: FlaskClient, desk: Desk) -> None:
    desk.conclude(**ALWAYS)
    number = came(desk, serial="", contact=replace(ANNA, email="x@other.example"))
    assert desk.request(number).package == "FREE"
    log_in(client, desk, "olga")
    form = {"serials": desk.register.first, "priority": "P1", "symptom": "нет такого"}
    assert do(client, number, "describe", organisation_id="x", **form).status_code == 302
    found = desk.request(number)
    assert (found.package, found.priority) == ("STANDARD", "P1")
    assert "ТП-1" in read(client.get(f"/staff/requests/{number}"))


def test_who_describes_a_request_that_another_described_meanwhile_keeps_the_words_and_sees_theirs(
    client: FlaskClient, desk: Desk
) -> None:
    number = came(desk)
    log_in(client, desk, "olga")
    old = {"revision": "1", "firmware": "1.0.7", "symptom": Symptom.POWER}
    assert do(client, number, "describe", firmware="1.0.3").status_code == 302
    refused = do(client, number, "describe", **old)
    page = read(refused).split("Уточнить описание…")[1]
    assert refused.status_code == 409
    assert 'value="1.0.7"' in page
    assert "Сейчас сохранено: 1.0.3" in page
    assert f'<option value="{Symptom.POWER}" selected>' in page
    assert page.count("Сейчас сохранено") == 2
    assert "Сейчас сохранено" not in read(client.get(f"/staff/requests/{number}"))


def test_n6_a_refusal_is_proposed_by_one_decided_by_another_and_an_appeal_by_a_third(
    client: FlaskClient, desk: Desk
) -> None:
    number = came(desk)
    log_in(client, desk, "olga")
    bad = do(client, number, "refuse", refusal_code="SKILL_GAP", text="Нужно обучение.")
    assert bad.status_code == 422
    assert "Укажите руководство" in read(bad)
    assert "Нужно обучение." in read(bad)
    form = {"refusal_code": "ABUSE", "text": "Просим без брани."}
    assert do(client, number, "refuse", **form).status_code == 302
    assert do(client, number, "refusal", decision="agree").status_code == 409
    log_in(client, desk, "ivan")
    assert "Нужен второй сотрудник" in read(client.get("/staff/requests/"))
    assert do(client, number, "refusal", decision="agree").status_code == 302
    assert desk.state(number) is State.REFUSED
    assert "Брань" in read(client.get("/staff/requests/"))
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        refusing.appeal(session, request, "Это цитата", now=now())
    text = {"text": "Извините.", "decision": "lift"}
    assert do(client, number, "appeal", **text).status_code == 409
    log_in(client, desk, "petr", Role.ENGINEER)
    assert do(client, number, "appeal", **{**text, "text": ""}).status_code == 422
    assert do(client, number, "appeal", **text).status_code == 302
    assert desk.state(number) is State.OPEN


def test_n2_the_head_of_support_alone_decides_that_knowledge_is_lacking(
    client: FlaskClient, desk: Desk
) -> None:
    number = came(desk)
    log_in(client, desk, "olga")
    form = {"refusal_code": "SKILL_GAP", "text": "Нужно обучение.", "manual": "Глава 4"}
    assert do(client, number, "refuse", **form).status_code == 302
    log_in(client, desk, "ivan")
    assert do(client, number, "refusal", decision="agree").status_code == 409
    log_in(client, desk, "boss", Role.ADMIN)
    assert do(client, number, "refusal", decision="agree").status_code == 302
    assert desk.state(number) is State.REFUSED


def test_n3_what_is_restricted_is_read_by_administrators_and_that_is_recorded(
    client: FlaskClient, desk: Desk
) -> None:
    number = came(desk, text="Очень грубые слова")
    log_in(client, desk, "olga")
    do(client, number, "refuse", refusal_code="ABUSE", text="Просим без брани.")
    log_in(client, desk, "ivan")
    do(client, number, "refusal", decision="agree")
    assert "Очень грубые" not in read(client.get(f"/staff/requests/{number}"))
    assert "Очень грубые" not in read(do(client, number, "reveal"))
    log_in(client, desk, "admin", Role.ADMIN)
    assert "Очень грубые" not in read(client.get(f"/staff/requests/{number}"))
    assert "Очень грубые" in read(do(client, number, "reveal"))
    with desk.installation.database.reading() as session:
        kinds = session.scalars(select(RequestEvent.actor).where(
            RequestEvent.kind == EventKind.REVEALED)).all()  # fmt: skip
    assert kinds == ["admin"]


def test_n4_a_duplicate_is_shown_with_its_first(client: FlaskClient, desk: Desk) -> None:
    first, second = came(desk, timedelta(hours=2)), came(desk)
    log_in(client, desk, "olga")
    page = read(client.get(f"/staff/requests/{second}"))
    assert "уже спрашивал о том же (N-4)" in page
    form = {"refusal_code": "DUPLICATE", "text": "Уже в работе.", "duplicate_of": f"№ {first}"}
    assert do(client, second, "refuse", **form).status_code == 302
    assert do(client, first, "refuse", **{**form, "duplicate_of": "9" * 40}).status_code == 422


def test_n5_an_overdue_debt_is_shown_with_its_day(client: FlaskClient, desk: Desk) -> None:
    desk.conclude(**ALWAYS)
    desk.writes_for_customer()
    number = came(desk, channel=Channel.EMAIL)
    with desk.installation.database.writing() as session:
        owner = users.organisation(session, CUSTOMER).id
        owed = Receivable(
            organisation_id=owner, overdue=Decimal("1200.50"), as_of=date(2026, 1, 12)
        )
        owed.imported_by, owed.imported_at = "1c", now()
        session.add(owed)
    log_in(client, desk, "olga")
    page = read(client.get(f"/staff/requests/{number}"))
    assert "1\u00a0200,50\u00a0₽ на 12.01.2026" in page
    assert "старше одного рабочего дня" in page
    form = {"refusal_code": RefusalCode.OVERDUE_RECEIVABLE, "text": "Есть долг."}
    assert do(client, number, "refuse", **form).status_code == 422


def test_s12_a_call_becomes_a_request_counted_from_the_call(
    client: FlaskClient, desk: Desk
) -> None:
    log_in(client, desk, "olga")
    called = now().astimezone(MOSCOW) - timedelta(minutes=10)
    form = {
        "csrf_token": form_token(client, "/staff/requests/new"),
        "called_at": f"{called:%Y-%m-%dT%H:%M}", "minutes": "7", "name": "Пётр",
        "phone": "+7 900 000-00-01", "subject": "Не включается", "text": "Экран чёрный",
        "form_key": "c" * 32,
    }  # fmt: skip
    for wrong in ("вчера", "2020-01-01T10:00", ""):
        bad = client.post("/staff/requests/new", data={**form, "called_at": wrong})
        assert bad.status_code == 422
        assert "Экран чёрный" in read(bad)
    done = client.post("/staff/requests/new", data=form)
    assert done.status_code == 302
    found = desk.request(int(done.headers["Location"].rpartition("/")[2]))
    assert (found.call_seconds, found.channel) == (420, "phone")
    assert found.registered_at == called.replace(second=0, microsecond=0)
    assert (
        client.post("/staff/requests/new", data=form).headers["Location"].endswith(f"/{found.id}")
    )


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PARTNER, Role.PUBLISHER, Role.KEY_HOLDER])
def test_requests_are_for_those_who_answer_them(
    client: FlaskClient, desk: Desk, role: Role
) -> None:
    number = came(desk)
    log_in(client, desk, "somebody", role)
    for address in ("", "new", str(number), f"{number}/files/1/x"):
        assert client.get(f"/staff/requests/{address}").status_code == 403
    form = {"csrf_token": form_token(client, "/support/new"), "text": "x"}
    for action in ("answer", "note", "state", "refuse", "refusal", "appeal", "reveal", "assign"):
        assert client.post(f"/staff/requests/{number}/{action}", data=form).status_code == 403


def test_what_is_done_is_in_the_audit_trail(client: FlaskClient, desk: Desk) -> None:
    number = came(desk)
    log_in(client, desk, "olga")
    do(client, number, "answer", text="Ответ", then="open")
    with desk.installation.database.reading() as session:
        found = session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "olga")).all()
    assert "request.answer" in found


def test_an_unknown_request_is_not_found(client: FlaskClient, desk: Desk) -> None:
    log_in(client, desk, "olga")
    form = {"csrf_token": form_token(client, "/support/new"), "text": "x"}
    assert client.get("/staff/requests/99").status_code == 404
    assert client.get("/staff/requests/99999999999").status_code == 404
    assert client.post("/staff/requests/99/answer", data=form).status_code == 404
