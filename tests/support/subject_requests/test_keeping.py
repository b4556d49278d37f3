"""A person's request for their data: registered, prolonged, answered, reminded of; its pages."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.models import AuditEntry, Role
from storage.clock import moscow_date, now
from storage.installation import Installation
from storage.people import ERASED, Person
from support.mailroom.models import OutgoingMail
from support.mailroom.options import MailOptions
from support.subject_requests import keeping, people
from support.subject_requests.keeping import NewSubjectRequest
from support.subject_requests.models import SubjectRequest
from support.subject_requests.refused import (
    AnsweredAlreadyError,
    CameAtError,
    CorrectionTermError,
    ExtendedAlreadyError,
    SubjectMailError,
    SubjectTextError,
    TooLateToExtendError,
    WhoAsksError,
)
from support.subject_requests.vocabulary import Channel, Kind, Outcome
from tests.browserless import form_token
from tests.support.register import Register
from tests.support.requests.desk import Desk, moscow
from tests.support.requests.test_staff_views import log_in

TEAM = "team@flat-pro.ru"
NEW = NewSubjectRequest(
    Kind.ACCESS, Channel.MAIL, date(2026, 11, 27), "Анна Петрова", "anna@romashka.example", "",
    "Что вы обо мне храните?", "k" * 24,
)  # fmt: skip
PAGE = "/staff/subject-requests/"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def office(installation: Installation) -> Installation:
    """An installation whose team is told of terms."""
    return replace(
        installation, options={**installation.options, MailOptions: MailOptions(team=TEAM)}
    )


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)


def register_it(office: Installation, **changes: object) -> int:
    new = replace(NEW, **changes)  # type: ignore[arg-type]
    with office.database.writing() as session:
        at = moscow("2026-11-27T15:00")
        return keeping.register(session, office, new, actor="olga", now=at).id


def extend(office: Installation, number: int, at: str, why: str = "Архив в Твери") -> None:
    with office.database.writing() as session:
        keeping.extend(session, office, number, why, actor="olga", now=moscow(at))


def answer(office: Installation, number: int, at: str) -> None:
    with office.database.writing() as session:
        keeping.answer(
            session, office, number, Outcome.DONE, "Выгрузка вручена.", actor="olga",
            now=moscow(at),
        )  # fmt: skip


def remind(office: Installation, at: str) -> int:
    with office.database.writing() as session:
        return keeping.remind(session, office, moscow(at))


def letters(office: Installation, recipient: str) -> list[OutgoingMail]:
    with office.database.reading() as session:
        query = select(OutgoingMail).where(OutgoingMail.recipient == recipient)
        return list(session.scalars(query.order_by(OutgoingMail.id)))


def get(office: Installation, number: int) -> SubjectRequest:
    with office.database.reading() as session:
        return keeping.get(session, number)


def test_the_person_is_told_by_when_and_the_team_before_the_term_closes_each_once(
    office: Installation,
) -> None:
    number = register_it(office)
    [letter] = letters(office, NEW.email)
    assert "11.12.2026" in letter.text
    steps = ("2026-12-04", "2026-12-08", "2026-12-09", "2026-12-10", "2026-12-12", "2026-12-20")
    assert [remind(office, f"{day}T09:00") for day in steps] == [0, 1, 0, 1, 1, 0]
    told = letters(office, TEAM)
    assert [one.purpose for one in told] == [
        "subject-request.soon", "subject-request.last", "subject-request.late",
    ]  # fmt: skip
    assert all("Анна" not in one.text and NEW.email not in one.text for one in told)
    answer(office, number, "2026-12-21T10:00")
    assert remind(office, "2026-12-22T10:00") == 0


def test_the_term_is_prolonged_once_in_time_with_a_reason_that_the_person_reads(
    office: Installation,
) -> None:
    number = register_it(office)
    with pytest.raises(SubjectTextError):
        extend(office, number, "2026-12-11T18:00", "  ")
    extend(office, number, "2026-12-11T18:00")
    assert "18.12.2026" in letters(office, NEW.email)[-1].text
    assert "Архив в Твери" in letters(office, NEW.email)[-1].text
    with pytest.raises(ExtendedAlreadyError):
        extend(office, number, "2026-12-12T10:00")
    # The longer term is reminded of anew.
    assert remind(office, "2026-12-17T09:00") == 1
    late = register_it(office, form_key="l" * 24)
    with pytest.raises(TooLateToExtendError, match=r"11\.12\.2026"):
        extend(office, late, "2026-12-12T00:01")


def test_a_correction_is_promised_in_seven_working_days_and_never_prolonged(
    office: Installation,
) -> None:
    number = register_it(office, kind=Kind.CORRECTION)
    [letter] = letters(office, NEW.email)
    assert "исправим данные" in letter.text
    assert "08.12.2026: за 7 рабочих дней" in letter.text
    with pytest.raises(CorrectionTermError):
        extend(office, number, "2026-12-01T10:00")
    assert remind(office, "2026-12-09T00:30") == 1
    assert letters(office, TEAM)[-1].purpose == "subject-request.late"


def test_an_answer_stops_the_clock_goes_by_mail_and_is_given_once(office: Installation) -> None:
    number = register_it(office)
    answer(office, number, "2026-12-02T10:00")
    assert "Выгрузка вручена." in letters(office, NEW.email)[-1].text
    with office.database.reading() as session:
        one = keeping.watched(session, keeping.get(session, number), moscow("2027-02-01T10:00"))
        assert (one.clock.is_late, one.clock.stopped_on) == (False, date(2026, 12, 2))
        assert keeping.open_ones(session, moscow("2027-02-01T10:00")) == []
    for again in (answer, extend):
        with pytest.raises(AnsweredAlreadyError):
            again(office, number, "2026-12-03T10:00")


def test_a_form_sent_twice_is_one_request(office: Installation) -> None:
    assert register_it(office) == register_it(office)
    assert len(letters(office, NEW.email)) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": " "}, WhoAsksError),
        ({"email": "", "phone": ""}, WhoAsksError),
        ({"email": "анна@ромашка"}, SubjectMailError),
        ({"came_on": date(2026, 11, 28)}, CameAtError),
        ({"came_on": date(2025, 11, 1)}, CameAtError),
        ({"words": "\u202e\x00"}, SubjectTextError),
    ],
)
def test_what_cannot_be_answered_or_counted_is_refused(
    office: Installation, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        register_it(office, **changes)


def test_it_is_found_of_its_person_and_ends_three_years_after_the_answer(
    office: Installation,
) -> None:
    number = register_it(office)
    with office.database.reading() as session:
        [held] = people.HOLDER.find(session, Person(frozenset({NEW.email})))
        assert held.over_at is None
        assert people.HOLDER.expired(session, people.ASKED, moscow("2040-01-01T10:00")) == []
    answer(office, number, "2026-12-02T10:00")
    with office.database.writing() as session:
        [held] = people.HOLDER.expired(session, people.ASKED, moscow("2026-12-02T10:01"))
        people.HOLDER.erase(session, office, held, now())
    one = get(office, number)
    assert (one.name, one.email, one.words, one.answer) == (ERASED, "", ERASED, ERASED)
    assert letters(office, NEW.email) == []
    with office.database.reading() as session:
        assert people.HOLDER.expired(session, people.ASKED, moscow("2040-01-01T10:00")) == []


def test_an_agent_registers_from_a_request_prolongs_and_answers(
    client: FlaskClient, desk: Desk
) -> None:
    asked = desk.comes(f"{moscow_date(now()) - timedelta(days=1)}T10:00", text="Удалите мои данные")
    log_in(client, desk, "olga")
    page = client.get(f"/staff/requests/{asked}").text
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    filled = client.post(f"{PAGE}fill", data=form).text
    assert "Удалите мои данные" in filled
    assert f'value="{moscow_date(now()) - timedelta(days=1)}"' in filled
    form = dict(re.findall(r'name="(\w+)" (?:type="\w+" )?value="([^"]*)"', filled))
    form |= {"kind": "erasure", "channel": "mail", "text": "Удалите мои данные", "language": "ru"}
    form["came_on"] = f"{moscow_date(now()) - timedelta(days=1)}"
    form["name"] = "Анна Петрова"
    made = client.post(PAGE, data=form)
    assert made.status_code == 302, made.text
    own = made.headers["Location"]
    assert f"Обращение № {asked}" in client.get(own).text
    queue = client.get("/staff/requests/").text
    assert "Ждут ответа запросы о персональных данных" in queue
    assert "рабочих дн" in queue
    for page in ("/staff/requests/", PAGE):
        assert 'hx-trigger="every 60s"' in client.get(page).text
    token = form_token(client, own)
    assert client.post(f"{own}/answer", data={"csrf_token": token}).status_code == 422
    longer = client.post(f"{own}/extend", data={"csrf_token": token, "text": "Архив"})
    assert longer.status_code == 302
    done = {"csrf_token": token, "outcome": "done", "text": "Удалено, акт № 1."}
    assert client.post(f"{own}/answer", data=done).status_code == 302
    assert client.post(f"{own}/answer", data=done).status_code == 409
    assert "ответ в срок" in client.get(own).text
    assert "Ждут ответа запросы" not in client.get("/staff/requests/").text


def test_nonsense_on_the_pages_is_told_and_never_a_fault(client: FlaskClient, desk: Desk) -> None:
    log_in(client, desk, "olga")
    token = form_token(client, f"{PAGE}new")
    for form in (
        {},
        {"kind": "access", "channel": "mail", "came_on": "31.12.2026", "name": "x" * 9999},
        {"kind": "access", "channel": "mail", "came_on": f"{moscow_date(now())}", "name": "A",
         "email": "a@b.ru", "text": "t" * 20_000, "request_id": "9" * 30},
    ):  # fmt: skip
        assert client.post(PAGE, data={"csrf_token": token, **form}).status_code == 422
    odd = {"kind": "access", "channel": "mail", "came_on": f"{moscow_date(now())}", "name": "A",
           "email": "a@b.ru", "text": "t", "request_id": "77777"}  # fmt: skip
    assert client.post(PAGE, data={"csrf_token": token, **odd}).status_code == 302
    for path in ("0", "99999999999", "77"):
        assert client.get(f"{PAGE}{path}").status_code == 404


def test_who_is_no_answerer_is_turned_away(client: FlaskClient, desk: Desk) -> None:
    log_in(client, desk, "boris", Role.PUBLISHER)
    assert client.get(PAGE).status_code == 403


def test_no_name_stands_in_the_trail_or_in_an_address(office: Installation) -> None:
    number = register_it(office)
    answer(office, number, "2026-12-02T10:00")
    with office.database.reading() as session:
        trail = [f"{one.subject} {one.details}" for one in session.scalars(select(AuditEntry))]
    assert not any("Анна" in line or NEW.email in line for line in trail)
    routes = Path(keeping.__file__).with_name("views.py").read_text()
    assert "<name>" not in routes
    assert "<email>" not in routes
