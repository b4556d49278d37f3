"""Leaks: two clocks by the hour, what the authority was told, the card that is printed."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.models import Role
from storage.clock import MOSCOW, now
from storage.installation import Installation
from support.breaches import keeping
from support.breaches.card_pdf import card_pdf
from support.breaches.clock import Level, Notice, clocks_of
from support.breaches.refused import (
    BreachClosedError,
    FoundAtError,
    NotToldYetError,
    PeopleCountError,
    ToldAtError,
)
from support.mailroom.models import OutgoingMail
from support.mailroom.options import MailOptions
from tests.browserless import form_token
from tests.support.register import Register
from tests.support.repairs.test_filing import pdf_text
from tests.support.requests.desk import Desk, moscow
from tests.support.requests.test_staff_views import log_in

TEAM = "team@flat-pro.ru"
#: Friday evening before the holidays: the clocks know no days off.
FOUND = "2026-12-30T22:15"
PAGE = "/staff/breaches/"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def office(installation: Installation) -> Installation:
    return replace(
        installation, options={**installation.options, MailOptions: MailOptions(team=TEAM)}
    )


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)


def leak(office: Installation, at: str = FOUND, found: str = FOUND, **texts: str) -> int:
    with office.database.writing() as session:
        known = {"what": "Письмо ушло не тому", "people": "40", **texts}
        return keeping.register(
            session, office, known, moscow(found), "k" * 24, actor="admin", now=moscow(at)
        ).id


def tell(office: Installation, number: int, notice: Notice, told: str, at: str = "") -> None:
    with office.database.writing() as session:
        keeping.told(
            session, number, notice, "Уведомление", "77-1", moscow(told), actor="admin",
            now=moscow(at or told),
        )  # fmt: skip


def remind(office: Installation, at: str) -> list[str]:
    with office.database.writing() as session:
        before = set(session.scalars(select(OutgoingMail.id)))
        keeping.remind(session, office, moscow(at))
        made = select(OutgoingMail.purpose).where(OutgoingMail.id.not_in(before))
        return list(session.scalars(made.order_by(OutgoingMail.id)))


def test_the_authority_is_told_within_24_and_72_hours_whatever_the_calendar_says() -> None:
    found = moscow(FOUND)
    first, result = clocks_of(found, [], moscow("2026-12-31T22:15"))
    assert (first.due_at, result.due_at) == (moscow("2026-12-31T22:15"), moscow("2027-01-02T22:15"))
    assert (first.is_late, first.level, result.hours_left) == (False, Level.SOON, 48)
    late, running = clocks_of(found, [], moscow("2026-12-31T22:16"))
    assert (late.level, running.level) == (Level.LATE, Level.RUNNING)


def test_the_first_notice_of_its_kind_stops_its_clock_in_time_or_late() -> None:
    told = [(Notice.FIRST, moscow("2026-12-31T22:16")), (Notice.FIRST, moscow("2027-01-01T10:00")),
            (Notice.RESULT, moscow("2027-01-02T22:15"))]  # fmt: skip
    first, result = clocks_of(moscow(FOUND), told, moscow("2027-02-01T10:00"))
    assert (first.is_late, first.level, first.told_at) == (True, None, moscow("2026-12-31T22:16"))
    assert (result.is_late, result.level) == (False, None)


def test_the_team_is_told_at_once_in_the_last_quarter_and_past_it_each_once(
    office: Installation,
) -> None:
    number = leak(office)
    with office.database.reading() as session:
        purposes = list(session.scalars(select(OutgoingMail.purpose)))
    assert purposes == ["breach.first-running", "breach.result-running"]
    assert remind(office, "2026-12-31T16:14") == []
    assert remind(office, "2026-12-31T16:15") == ["breach.first-soon"]
    assert remind(office, "2026-12-31T16:20") == []
    tell(office, number, Notice.FIRST, "2026-12-31T20:00")
    assert remind(office, "2027-01-01T23:00") == []
    assert remind(office, "2027-01-02T04:15") == ["breach.result-soon"]
    assert remind(office, "2027-01-02T22:16") == ["breach.result-late"]
    assert remind(office, "2027-01-09T10:00") == []


def test_an_incident_is_closed_once_both_notices_were_told(office: Installation) -> None:
    number = leak(office)
    tell(office, number, Notice.FIRST, "2026-12-31T10:00")
    with office.database.writing() as session, pytest.raises(NotToldYetError):
        keeping.close(session, number, actor="admin", now=moscow("2026-12-31T11:00"))
    tell(office, number, Notice.RESULT, "2027-01-02T10:00")
    with office.database.writing() as session:
        keeping.close(session, number, actor="admin", now=moscow("2027-01-02T11:00"))
    with pytest.raises(BreachClosedError):
        tell(office, number, Notice.RESULT, "2027-01-02T12:00")
    with office.database.reading() as session:
        assert keeping.open_ones(session, moscow("2027-01-03T10:00")) == []


def test_hours_that_cannot_be_are_refused(office: Installation) -> None:
    for found in ("2026-12-30T22:16", "2025-12-01T10:00"):
        with pytest.raises(FoundAtError):
            leak(office, found=found)
    with pytest.raises(PeopleCountError):
        leak(office, people="сорок")
    number = leak(office)
    for told, at in (
        ("2026-12-30T22:14", "2026-12-31T10:00"),
        ("2026-12-31T11:00", "2026-12-31T10:00"),
    ):
        with pytest.raises(ToldAtError):
            tell(office, number, Notice.FIRST, told, at)


def test_the_card_holds_what_is_known_and_what_was_told_and_when(office: Installation) -> None:
    number = leak(office, data="Имена и почта 40 покупателей", contact="Иванов, +7 495 000-00-00")
    tell(office, number, Notice.FIRST, "2026-12-31T20:00")
    with office.database.reading() as session:
        at = moscow("2027-01-01T10:00")
        found = keeping.watched(keeping.get(session, number), at)
        russian, english = (pdf_text(card_pdf(found, language, at)) for language in ("ru", "en"))
    for words in (
        "Карточка инцидента", "30.12.2026, 22:15 (МСК)", "не позже 31.12.2026, 22:15 (МСК)",
        "сообщено 31.12.2026, 20:00", "не позже 02.01.2027, 22:15", "Письмо ушло не тому",
        "Имена и почта 40 покупателей", "Принятые меры", "77-1", "Иванов",
    ):  # fmt: skip
        assert words in " ".join(russian.split()), words
    assert "by 2 January 2027, 22:15 (Moscow time)" in " ".join(english.split())


def test_an_officer_registers_a_leak_tells_of_it_prints_and_closes(
    client: FlaskClient, desk: Desk
) -> None:
    log_in(client, desk, "olga")
    assert client.get(PAGE).status_code == 403
    log_in(client, desk, "chief", Role.ADMIN)
    token = form_token(client, f"{PAGE}new")
    at = f"{(now() - timedelta(hours=2)).astimezone(MOSCOW):%Y-%m-%dT%H:%M}"
    bad = client.post(PAGE, data={"csrf_token": token, "found_at": "x", "what": "?"})
    assert bad.status_code == 422
    form = {"csrf_token": token, "found_at": at, "what": "Пропал ноутбук", "form_key": "q" * 24}
    made = client.post(PAGE, data=form)
    own = made.headers["Location"]
    assert client.post(PAGE, data=form).headers["Location"] == own
    text = client.get(own).text
    assert re.search(r"остал(ся|ось) 2[12] час", text)
    assert "Утечки, о которых надо сообщить в Роскомнадзор: 1" in client.get("/staff/").text
    assert client.post(f"{own}/close", data={"csrf_token": token}).status_code == 409
    for notice in Notice:
        told = {"csrf_token": token, "notice": notice, "told_at": at, "text": "Сообщили"}
        assert client.post(f"{own}/told", data=told).status_code == 302
    paper = client.get(f"{own}.pdf")
    assert paper.data[:4] == b"%PDF"
    assert client.post(f"{own}/close", data={"csrf_token": token}).status_code == 302
    assert client.post(own, data={"csrf_token": token, "what": "x"}).status_code == 409
    assert "Роскомнадзор: 1" not in client.get("/staff/").text
    for path in ("0", "77", "99999999999", "77.pdf"):
        assert client.get(f"{PAGE}{path}").status_code == 404
