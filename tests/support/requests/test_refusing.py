from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Role
from storage.refusals import RefusedError
from support.agreements import debts
from support.agreements.debts import Debt, DebtTableError
from support.calendars.loading import shipped
from support.packages.package import Promise
from support.requests import duplicates, records, refusing
from support.requests.refusal_rules import (
    Case,
    Grounds,
    ManualError,
    NoDebtError,
    NoDuplicateError,
    NotAskedError,
    NothingMissingError,
    RefusalTextError,
    StaleDebtError,
    TooEarlyError,
    check,
    may_refuse_from,
)
from support.requests.refusing import (
    Judge,
    LeadError,
    NoRefusalError,
    RefusalUnderWayError,
    SecondOpinionError,
)
from support.requests.vocabulary import RefusalCode, RefusalState, Symptom
from support.sla.clocks import Standing
from support.sla.log import State
from tests.support.register import CUSTOMER
from tests.support.requests.desk import ANNA, Desk, moscow

CALENDAR = shipped()
NOTHING = Case((), None, (), None)
IVAN, LEAD = Judge("ivan", is_lead=False), Judge.of("admin", Role.ADMIN)


def propose(
    desk: Desk, number: int, code: RefusalCode, at: str, grounds: Grounds | None = None
) -> None:
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        refusing.propose(
            session, request, code, "Почему и что делать.", grounds or Grounds(),
            actor="olga", now=moscow(at),
        )  # fmt: skip


def decide(desk: Desk, number: int, at: str, judge: Judge = IVAN, *, agree: bool = True) -> None:
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        refusing.decide(
            session, desk.installation, request, agree=agree, judge=judge, now=moscow(at)
        )


# Each code and its proof.


def test_n1_what_is_missing_is_asked_for_and_waited_for_three_working_days(desk: Desk) -> None:
    number = desk.comes("2026-11-19T10:00", firmware="")
    with pytest.raises(TooEarlyError):
        propose(desk, number, RefusalCode.INFO_MISSING, "2026-11-24T23:59")
    propose(desk, number, RefusalCode.INFO_MISSING, "2026-11-25T09:00")
    whole = desk.comes("2026-11-19T10:00")
    with pytest.raises(NothingMissingError):
        propose(desk, whole, RefusalCode.INFO_MISSING, "2026-11-25T09:00")
    unasked = replace(NOTHING, missing=("serial",))
    with pytest.raises(NotAskedError):
        check(RefusalCode.INFO_MISSING, unasked, Grounds(), CALENDAR, date(2026, 11, 25))


@given(st.integers(0, 1000).map(lambda days: date(2024, 6, 1) + timedelta(days)))
def test_n1_exactly_three_working_days_lie_between(asked_on: date) -> None:
    first = may_refuse_from(asked_on, CALENDAR)
    between = [asked_on + timedelta(n) for n in range(1, (first - asked_on).days)]
    assert sum(CALENDAR.is_working(day) for day in between) == 3


def test_n2_lacking_knowledge_needs_the_head_of_support_and_a_manual(desk: Desk) -> None:
    number = desk.comes()
    with pytest.raises(ManualError):
        propose(desk, number, RefusalCode.SKILL_GAP, "2026-11-23T11:00")
    grounds = Grounds(manual="Руководство администратора, глава 4")
    propose(desk, number, RefusalCode.SKILL_GAP, "2026-11-23T11:00", grounds)
    with pytest.raises(LeadError):
        decide(desk, number, "2026-11-23T12:00", IVAN)
    decide(desk, number, "2026-11-23T12:00", LEAD)
    assert "Руководство администратора, глава 4" in desk.letters("request.refused")[0].text


def test_n3_abuse_is_judged_by_people_and_the_original_is_kept_for_the_few(desk: Desk) -> None:
    number = desk.comes(text="Хулиганов и Оскорбляйко жалуются на связь")
    assert desk.state(number) is State.NEW
    propose(desk, number, RefusalCode.ABUSE, "2026-11-23T11:00")
    decide(desk, number, "2026-11-23T12:00")
    with desk.installation.database.reading() as session:
        kept = records.messages(session, number)[0]
    assert kept.restricted
    assert "Оскорбляйко" in kept.text
    assert all("Оскорбляйко" not in mail.text for mail in desk.letters())


def test_n4_only_the_same_users_open_request_about_the_same_is_a_duplicate(desk: Desk) -> None:
    first = desk.comes("2026-11-23T10:00")
    same = desk.comes("2026-11-23T11:00")
    others = [
        desk.comes("2026-11-23T11:00", symptom=Symptom.POWER),
        desk.comes("2026-11-23T11:00", serial=desk.register.second),
        desk.comes("2026-11-23T11:00", contact=replace(ANNA, email="b@other.example")),
    ]
    with desk.installation.database.reading() as session:
        found = duplicates.earlier(session, records.get(session, same))
        assert [one.id for one in found] == [first]
        for other in others:
            assert not duplicates.earlier(session, records.get(session, other))
    for wrong in (others[0], 0, 9999):
        grounds = Grounds(duplicate_of=wrong)
        with pytest.raises(NoDuplicateError):
            propose(desk, same, RefusalCode.DUPLICATE, "2026-11-23T12:00", grounds)
    grounds = Grounds(duplicate_of=first)
    propose(desk, same, RefusalCode.DUPLICATE, "2026-11-23T12:00", grounds)
    decide(desk, same, "2026-11-23T12:30")
    assert f"Номер первого обращения — {first}" in desk.letters("request.refused")[0].text


def test_n4_a_fault_that_came_back_after_the_end_is_a_new_request(desk: Desk) -> None:
    first = desk.comes("2026-11-23T10:00")
    desk.answers(first, "2026-11-23T11:00", State.RESOLVED)
    again = desk.comes("2026-11-24T10:00")
    with desk.installation.database.reading() as session:
        assert not duplicates.earlier(session, records.get(session, again))


TODAY = date(2026, 11, 23)  # a Monday


@pytest.mark.parametrize(
    ("debt", "error"),
    [
        (None, NoDebtError),
        (Debt(Decimal(0), date(2026, 11, 23)), NoDebtError),
        (Debt(Decimal(100), date(2026, 11, 19)), StaleDebtError),
        (Debt(Decimal(100), date(2026, 11, 20)), None),
        (Debt(Decimal(100), date(2026, 11, 23)), None),
    ],
)
def test_n5_only_a_fresh_figure_of_an_overdue_debt_refuses(
    debt: Debt | None, error: type[RefusedError] | None
) -> None:
    case = replace(NOTHING, debt=debt)
    code = RefusalCode.OVERDUE_RECEIVABLE
    if error is None:
        assert check(code, case, Grounds(), CALENDAR, TODAY)["overdue"] == "100"
        return
    with pytest.raises(error):
        check(code, case, Grounds(), CALENDAR, TODAY)


def test_n5_the_accounts_table_is_taken_whole_or_not_at_all(desk: Desk) -> None:
    def take(table: str) -> int:
        with desk.installation.database.writing() as session:
            return debts.take_in(session, table, actor="1c", now=moscow("2026-11-23T10:00"))

    good = f'organisation;overdue;as_of\n"{CUSTOMER}";1 200,50;2026-11-20\n'
    assert take(good) == 1
    for bad in (
        "name,sum\nx,1\n",
        f'organisation,overdue,as_of\n"{CUSTOMER}",9,2026-11-22\nНикто,1,2026-11-20\n',
        f'organisation,overdue,as_of\n"{CUSTOMER}",много,2026-11-20\n',
        f'organisation,overdue,as_of\n"{CUSTOMER}",-1,2026-11-20\n',
        f'organisation,overdue,as_of\n"{CUSTOMER}",1,2026-11-24\n',
        f'organisation,overdue,as_of\n"{CUSTOMER}",1,2026-11-19\n',
        f'organisation,overdue,as_of\n"{CUSTOMER}",NaN,2026-11-20\n',
        "",
    ):
        with pytest.raises(DebtTableError):
            take(bad)
    with desk.installation.database.reading() as session:
        ((name, row),) = debts.every(session)
    assert (name, row.overdue, row.as_of) == (CUSTOMER, Decimal("1200.50"), date(2026, 11, 20))


# The decision.


def test_n6_nobody_refuses_alone_and_the_sender_is_told_with_a_way_to_appeal(desk: Desk) -> None:
    number = desk.comes()
    propose(desk, number, RefusalCode.ABUSE, "2026-11-23T11:00")
    assert desk.state(number) is State.NEW
    assert desk.letters("request.refused") == []
    with pytest.raises(RefusalUnderWayError):
        propose(desk, number, RefusalCode.ABUSE, "2026-11-23T11:00")
    with pytest.raises(SecondOpinionError):
        decide(desk, number, "2026-11-23T12:00", Judge("olga", is_lead=True))
    decide(desk, number, "2026-11-23T12:00")
    assert desk.state(number) is State.REFUSED
    said = desk.letters("request.refused")[0]
    assert said.automatic
    assert "решение пересмотрит другой сотрудник" in said.text
    with desk.installation.database.reading() as session:
        assert refusing.counts(session)[RefusalCode.ABUSE] == 1


def test_n6_a_refused_request_has_no_clock_and_one_lifted_on_appeal_has_its_whole_one(
    desk: Desk,
) -> None:
    desk.conclude()
    number = desk.comes("2026-11-23T10:00")
    propose(desk, number, RefusalCode.ABUSE, "2026-11-23T11:00")
    decide(desk, number, "2026-11-23T12:00")
    assert desk.clock(number, Promise.RESPONSE, "2026-11-24T12:00").standing is not Standing.RUNNING
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        refusing.appeal(session, request, "Я не ругалась", now=moscow("2026-11-23T13:00"))
    for judge in (Judge("olga", is_lead=True), IVAN):
        with pytest.raises(SecondOpinionError):
            lift(desk, number, judge)
    lift(desk, number, LEAD)
    assert desk.state(number) is State.OPEN
    clock = desk.clock(number, Promise.RESPONSE, "2026-11-23T15:00")
    assert (clock.standing, clock.used) == (Standing.RUNNING, timedelta(hours=5))
    assert "Отказ снят" in desk.letters("request.appeal")[0].text


def lift(desk: Desk, number: int, judge: Judge) -> None:
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        refusing.decide_appeal(
            session, desk.installation, request, "Извините.",
            lift=True, judge=judge, now=moscow("2026-11-23T14:00"),
        )  # fmt: skip


def test_n6_one_that_the_reviewer_turns_down_changes_nothing(desk: Desk) -> None:
    number = desk.comes()
    propose(desk, number, RefusalCode.ABUSE, "2026-11-23T11:00")
    decide(desk, number, "2026-11-23T12:00", agree=False)
    assert desk.state(number) is State.NEW
    with desk.installation.database.reading() as session:
        assert refusing.of_request(session, number)[0].state == RefusalState.REJECTED
        assert refusing.counts(session)[RefusalCode.ABUSE] == 0
    with pytest.raises(NoRefusalError):
        decide(desk, number, "2026-11-23T12:00")
    with pytest.raises(RefusalTextError), desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        refusing.propose(
            session, request, RefusalCode.ABUSE, " ", Grounds(),
            actor="olga", now=moscow("2026-11-23T13:00"),
        )  # fmt: skip
