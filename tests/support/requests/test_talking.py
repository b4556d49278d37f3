from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from accounts import users
from accounts.models import AuditEntry, Role
from accounts.users import NewUser
from support.calendars import keeping
from support.calendars.loading import SHIPPED
from support.mailroom.options import MailOptions
from support.packages.package import Promise
from support.requests import escalating, records, talking
from support.requests.messages import Text
from support.requests.models import RequestMessage
from support.requests.refused import (
    AssigneeError,
    ChangedMeanwhileError,
    RequestClosedError,
    UnattestedError,
    WrongStateError,
)
from support.requests.stages import NEXT, check_step
from support.requests.talking import Answer
from support.requests.vocabulary import Channel, EventKind
from support.sla.clocks import Standing
from support.sla.log import State
from tests.support.requests.desk import Desk, moscow

HOUR = timedelta(hours=1)


def test_s9_only_a_persons_public_answer_is_a_response(desk: Desk) -> None:
    desk.conclude()
    number = desk.comes("2026-11-23T10:00")
    desk.becomes(number, State.OPEN, "2026-11-23T10:30")
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        talking.note(
            session, desk.installation, request, Text("Похоже на гарнитуру"),
            form_key="n", actor="olga", name="Ольга", now=moscow("2026-11-23T10:40"),
        )  # fmt: skip
    later = "2026-11-23T11:00"
    assert desk.clock(number, Promise.RESPONSE, later).standing is Standing.RUNNING
    desk.answers(number, later)
    found = desk.clock(number, Promise.RESPONSE, "2026-11-24T11:00")
    assert (found.standing, found.used) == (Standing.MET, HOUR)
    assert [mail.automatic for mail in desk.letters("request.answered")] == [False]
    assert desk.request(number).assigned_to == "olga"


def test_s10_asking_pauses_and_any_word_of_the_user_goes_on(desk: Desk) -> None:
    desk.conclude()
    number = desk.comes("2026-11-23T09:00")
    desk.answers(number, "2026-11-23T10:00", State.WAITING_CUSTOMER)
    assert desk.clock(number, Promise.RESOLVE, "2026-11-24T10:00").standing is Standing.PAUSED
    desk.writes(number, "2026-11-24T10:00")
    assert desk.state(number) is State.OPEN
    assert desk.clock(number, Promise.RESOLVE, "2026-11-24T12:00").used == 3 * HOUR
    desk.becomes(number, State.WAITING_RMA_INBOUND, "2026-11-24T12:00")
    assert desk.clock(number, Promise.RESOLVE, "2026-11-25T12:00").used == 3 * HOUR


def test_s4_an_agent_confirms_it_for_a_letter_and_may_ask_without(desk: Desk) -> None:
    number = desk.comes(channel=Channel.EMAIL, attested=False)
    with pytest.raises(UnattestedError):
        desk.answers(number, "2026-11-23T11:00")
    desk.answers(number, "2026-11-23T11:00", State.WAITING_CUSTOMER)
    assert desk.request(number).attestation == {}
    desk.answers(number, "2026-11-23T12:00", attested=True)
    assert desk.request(number).attestation["by"] == "olga"
    desk.answers(number, "2026-11-23T13:00")


def test_a_resolved_request_is_reopened_by_the_user_and_closed_after_five_working_days(
    desk: Desk,
) -> None:
    number = desk.comes("2026-11-23T10:00")
    desk.answers(number, "2026-11-23T11:00", State.RESOLVED)
    desk.writes(number, "2026-11-23T12:00")
    assert desk.state(number) is State.OPEN
    desk.answers(number, "2026-11-23T13:00", State.RESOLVED)
    for at, closed in (("2026-11-30T23:59", 0), ("2026-12-01T00:00", 1)):
        with desk.installation.database.writing() as session:
            assert escalating.close_resolved(session, moscow(at)) == closed
    assert desk.state(number) is State.CLOSED
    with pytest.raises(RequestClosedError):
        desk.writes(number, "2026-12-01T12:00")


def test_a_closed_request_keeps_its_clocks_whatever_calendar_comes(desk: Desk) -> None:
    desk.conclude()
    closed, open_one = desk.comes("2026-11-20T16:00"), desk.comes("2026-11-20T16:00")
    for number in (closed, open_one):
        desk.answers(number, "2026-11-23T12:00")
    desk.becomes(closed, State.RESOLVED, "2026-11-23T12:00")
    desk.becomes(closed, State.CLOSED, "2026-11-23T12:00")
    before = desk.clock(closed, Promise.RESPONSE, "2026-11-25T10:00")
    text = SHIPPED.read_text(encoding="utf-8")
    moved = text.replace("[2026]\ndays = 247", "[2026]\ndays = 246").replace(
        '"11-04", "12-31"]\nworking = []', '"11-04", "11-23", "12-31"]\nworking = []'
    )
    with desk.installation.database.writing() as session:
        keeping.put_in_force(
            session, moved, "указ", [], actor="test", now=moscow("2026-11-24T09:00")
        )
    assert desk.clock(closed, Promise.RESPONSE, "2026-11-25T10:00") == before
    assert desk.request(closed).calendar_version == 0
    assert desk.clock(open_one, Promise.RESPONSE, "2026-11-25T10:00").used == 2 * HOUR


def test_two_agents_on_one_request_notice_each_other(desk: Desk) -> None:
    number = desk.comes()
    seen = desk.request(number).revision
    desk.answers(number, "2026-11-23T11:00")
    with (
        pytest.raises(ChangedMeanwhileError),
        desk.installation.database.writing() as session,
    ):
        records.get_to_change(session, number, seen)


def test_an_answer_sent_twice_is_one_answer_and_one_letter(desk: Desk) -> None:
    number = desk.comes()
    for at in ("2026-11-23T11:00", "2026-11-23T11:00:01"):
        with desk.installation.database.writing() as session:
            request = records.get_to_change(session, number)
            talking.answer(
                session, desk.installation, request, Answer(Text("Да"), "same"),
                actor="olga", name="Ольга", now=moscow(at),
            )  # fmt: skip
    assert len(desk.letters("request.answered")) == 1
    with desk.installation.database.reading() as session:
        answers = [one for one in records.messages(session, number) if one.author == "agent"]
        kinds = [event.kind for event in records.events(session, number)]
    assert len(answers) == 1
    assert kinds.count(EventKind.ANSWERED) == 1


def test_a_note_is_never_public_and_goes_nowhere(desk: Desk) -> None:
    number = desk.comes()
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        talking.note(
            session, desk.installation, request, Text("между нами"),
            form_key="n", actor="olga", name="Ольга", now=moscow("2026-11-23T11:00"),
        )  # fmt: skip
        kept = session.scalar(select(RequestMessage).where(RequestMessage.text == "между нами"))
        assert kept is not None
        assert not kept.is_public
    assert all("между нами" not in mail.text for mail in desk.letters())


def test_steps_that_make_no_sense_are_refused(desk: Desk) -> None:
    number = desk.comes()
    with pytest.raises(WrongStateError, match=r"New.*Closed"):
        desk.becomes(number, State.CLOSED, "2026-11-23T11:00")
    for now in State:
        check_step(now, now)
        for wanted in State:
            if wanted is not now and wanted not in NEXT[now]:
                with pytest.raises(WrongStateError):
                    check_step(now, wanted)


def test_s13_what_a_request_led_to_is_linked_once(desk: Desk) -> None:
    number = desk.comes()
    for _ in range(2):
        with desk.installation.database.writing() as session:
            request = records.get_to_change(session, number)
            talking.link(
                session, request, "repair:RMA-26-0001", actor="olga", now=moscow("2026-11-23T11:00")
            )
    with desk.installation.database.reading() as session:
        kinds = [event.kind for event in records.events(session, number)]
    assert kinds.count(EventKind.LINKED) == 1


def test_a_request_is_given_to_people_who_take_requests(desk: Desk) -> None:
    number = desk.comes()
    now = moscow("2026-11-23T11:00")
    with desk.installation.database.writing() as session:
        for login, role in (("olga", Role.AGENT), ("petr", Role.PUBLISHER)):
            users.add(
                session, NewUser(login, login, role, "tests-Only-1234567"), actor="t", now=now
            )
        request = records.get_to_change(session, number)
        talking.assign(session, request, "olga", actor="olga", now=now)
        assert request.assigned_to == "olga"
        for login in ("petr", "nobody"):
            with pytest.raises(AssigneeError):
                talking.assign(session, request, login, actor="olga", now=now)
        talking.assign(session, request, None, actor="olga", now=now)
        assert request.assigned_to is None


def test_s14_the_team_is_told_once_of_each_level(desk: Desk) -> None:
    options = replace(desk.installation.option(MailOptions), team="team@flat-pro.ru")
    installation = replace(desk.installation, options={type(options): options})
    desk.conclude()
    number = desk.comes("2026-11-20T14:00")
    told = []
    for at in ("2026-11-20T16:00", "2026-11-20T17:30", "2026-11-20T21:00", "2026-11-23T09:00"):
        with installation.database.writing() as session:
            told.append(escalating.tell(session, installation, moscow(at)))
    # 50 %, 80 %; at 18:00 the time is over, of which nobody is told before Monday.
    assert told == [1, 1, 0, 1]
    found = desk.letters("request.escalated")
    assert [mail.recipient for mail in found] == ["team@flat-pro.ru"] * 3
    assert found[0].subject.startswith("50 %: № ")
    assert f"/staff/requests/{number}" in found[0].text


def test_what_is_done_is_in_the_audit_trail(desk: Desk) -> None:
    number = desk.comes()
    desk.answers(number, "2026-11-23T11:00", State.RESOLVED)
    desk.becomes(number, State.CLOSED, "2026-11-23T12:00")
    with desk.installation.database.reading() as session:
        query = select(AuditEntry.action).where(AuditEntry.subject == f"request:{number}")
        actions = list(session.scalars(query.order_by(AuditEntry.id)))
    assert actions == ["request.register", "request.answer", "request.close"]


def test_a_request_under_warranty_and_in_free_tier_escalates_never(desk: Desk) -> None:
    desk.register.prove(desk.register.first, date(2026, 6, 1))
    desk.comes("2026-11-02T10:00")
    with desk.installation.database.writing() as session:
        assert escalating.tell(session, desk.installation, moscow("2026-11-30T12:00")) == 0
