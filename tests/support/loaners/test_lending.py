import html
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from accounts.models import Role
from provision import credentials, profiles
from provision.configurations import Press, full
from provision.devices.identity import MacAddress
from provision.dialects import family_of
from provision.models import Level
from provision.profiles import Link
from storage.clock import moscow_date, now
from storage.installation import Installation
from support.coverage import coverage_of
from support.loaners import lending, pool
from support.loaners.refused import (
    LoanedAlreadyError,
    LoanerOwnedError,
    LoanerTakenError,
    LoanStepError,
    NotEntitledError,
)
from support.loaners.standing import LoanFacts, PoolState, due_day, pool_state
from support.mailroom.models import MailState
from support.models import EntitlementRow
from support.repairs import records, shipping
from support.warranty import Verdict
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy
from tests.browserless import form_token
from tests.support.register import Register, device_row
from tests.support.repairs.workshop import Workshop, moscow
from tests.support.test_views import log_in

VALUE = Decimal("12500.00")


@pytest.fixture
def workshop(installation: Installation, register: Register) -> Workshop:
    return Workshop(installation, register)


def stock(workshop: Workshop) -> int:
    with workshop.installation.database.writing() as session:
        return pool.add(
            session, workshop.register.second, VALUE, actor="olga", now=moscow("2026-01-10T10:00")
        ).id


def give_service(workshop: Workshop, serial: str, ends_on: date = date(2027, 3, 1)) -> None:
    with workshop.installation.database.writing() as session:
        session.add(
            EntitlementRow(
                device_id=device_row(session, serial).id, kind=EntitlementKind.LOANER,
                starts_on=date(2026, 3, 1), ends_on=ends_on, source="С-5",
            )
        )  # fmt: skip


def lend(workshop: Workshop, unit_id: int, loaner: int, at: str = "2026-12-15T10:00") -> int:
    with workshop.installation.database.writing() as session:
        unit = records.unit(session, unit_id)
        return lending.reserve(session, unit, loaner, "", actor="olga", now=moscow(at)).id


def out(workshop: Workshop, loan: int, at: str = "2026-12-16T10:00") -> str:
    with workshop.installation.database.writing() as session:
        return lending.hand_out(session, workshop.installation, loan, actor="olga", now=moscow(at))


def back(workshop: Workshop, loan: int, at: str) -> None:
    with workshop.installation.database.writing() as session:
        lending.came_back(session, workshop.installation, loan, actor="olga", now=moscow(at))


def wiped(workshop: Workshop, loan: int, at: str) -> None:
    with workshop.installation.database.writing() as session:
        lending.wipe(session, loan, actor="olga", now=moscow(at))


def state(workshop: Workshop, at: str) -> PoolState:
    with workshop.installation.database.reading() as session:
        [row] = pool.look(session, moscow(at)).rows
        return row.state


def set_line(workshop: Workshop, serial: str) -> None:
    with workshop.installation.database.writing() as session:
        mac = device_row(session, serial).mac
        for name, value in (("sip.1.number", "204"), ("sip.1.password", "Sehr-Geheim-1")):
            profiles.put(
                session, workshop.installation.seal, Link(Level.DEVICE, mac, mac), name, value,
                actor="test", now=moscow("2026-03-01T10:00"),
            )  # fmt: skip


def configuration(workshop: Workshop, serial: str) -> str:
    with workshop.installation.database.reading() as session:
        device = device_row(session, serial)
        press = Press.of(workshop.installation)
        return full(session, press, device, moscow("2026-12-20T10:00")).body.decode()


def test_c3_a_certificate_of_the_loaner_service_gives_the_right_to_one(workshop: Workshop) -> None:
    loaner = stock(workshop)
    [unit_id] = workshop.file()
    with pytest.raises(NotEntitledError):
        lend(workshop, unit_id, loaner)
    give_service(workshop, workshop.register.first, date(2026, 12, 13))
    with pytest.raises(NotEntitledError):
        lend(workshop, unit_id, loaner)
    give_service(workshop, workshop.register.first, date(2026, 12, 14))
    loan = lend(workshop, unit_id, loaner)
    with workshop.installation.database.reading() as session:
        assert lending.get(session, loan).right == "С-5"


def test_c3_it_leaves_on_the_next_working_day_after_the_report(workshop: Workshop) -> None:
    [friday] = workshop.file(at="2026-12-18T17:00")
    [new_year] = workshop.file(at="2026-12-30T10:00")
    with workshop.installation.database.reading() as session:
        days = [lending.ship_by(session, records.unit(session, one)) for one in (friday, new_year)]
    assert days == [date(2026, 12, 21), date(2027, 1, 11)]


def test_c3_it_is_due_back_fourteen_days_after_the_repaired_phone_is_delivered(
    workshop: Workshop,
) -> None:
    loaner = stock(workshop)
    give_service(workshop, workshop.register.first)
    unit_id = workshop.in_repair()
    out(workshop, lend(workshop, unit_id, loaner))
    assert state(workshop, "2027-06-01T10:00") is PoolState.OUT, "due only once the own one is back"
    workshop.repairs(unit_id)
    workshop.sends(unit_id)
    workshop.does(unit_id, shipping.handed_over, "2027-01-05T10:00")
    assert state(workshop, "2027-01-19T23:00") is PoolState.OUT
    assert state(workshop, "2027-01-20T00:01") is PoolState.OVERDUE
    assert due_day(date(2027, 2, 1), date(2027, 1, 5)) == date(2027, 2, 1), "a day agreed on wins"


def test_c8_the_pool_is_counted_by_where_each_phone_is(workshop: Workshop) -> None:
    loaner = stock(workshop)
    give_service(workshop, workshop.register.first)
    [unit_id] = workshop.file()
    seen = [state(workshop, "2026-12-15T09:00")]
    loan = lend(workshop, unit_id, loaner)
    seen.append(state(workshop, "2026-12-15T10:01"))
    out(workshop, loan)
    seen.append(state(workshop, "2026-12-16T10:01"))
    back(workshop, loan, "2027-01-10T10:00")
    seen.append(state(workshop, "2027-01-10T10:01"))
    wiped(workshop, loan, "2027-01-10T11:00")
    seen.append(state(workshop, "2027-01-10T11:01"))
    assert seen == ["available", "reserved", "out", "to-wipe", "available"]
    assert pool_state(None, date(2027, 1, 1), in_service=True, lost=False) is PoolState.IN_SERVICE
    facts = LoanFacts(handed_out=True, returned=False, due_on=date(2027, 1, 1))
    late = pool_state(facts, date(2027, 1, 2), in_service=False, lost=False)
    assert late is PoolState.OVERDUE


def test_c8_one_that_never_comes_back_is_lost_and_its_value_is_owed(workshop: Workshop) -> None:
    loaner = stock(workshop)
    give_service(workshop, workshop.register.first)
    unit_id = workshop.in_repair()
    loan = lend(workshop, unit_id, loaner)
    token = out(workshop, loan)
    workshop.repairs(unit_id)
    workshop.sends(unit_id)
    workshop.does(unit_id, shipping.handed_over, "2027-01-05T10:00")
    told = []
    for day in ("2027-01-15", "2027-01-16", "2027-01-17", "2027-01-20", "2027-01-21"):
        with workshop.installation.database.writing() as session:
            told.append(lending.remind(session, workshop.installation, moscow(f"{day}T09:00")))
    assert told == [0, 1, 0, 1, 0]
    assert "12\u00a0500,00\u00a0₽" in workshop.letters("loan.overdue")[0].text
    with workshop.installation.database.writing() as session:
        lending.lost(session, loan, actor="olga", now=moscow("2027-02-20T10:00"))
        mac = MacAddress(device_row(session, workshop.register.second).mac)
        at = moscow("2027-02-20T10:01")
        assert credentials.verify_token(session, token, mac, at) is None
    assert state(workshop, "2027-02-21T10:00") is PoolState.LOST


def test_c8_one_bad_address_keeps_nobody_elses_reminder_back(workshop: Workshop) -> None:
    register = workshop.register
    loaners = [stock(workshop)]
    with workshop.installation.database.writing() as session:
        loaners.append(
            pool.add(
                session, register.foreign, VALUE, actor="olga", now=moscow("2026-01-10T10:00")
            ).id
        )
    give_service(workshop, register.first)
    addresses = ("a@romashka.example.", "boris@romashka.example")
    for loaner, address in zip(loaners, addresses, strict=True):
        loan = lend(workshop, workshop.file()[0], loaner)
        with workshop.installation.database.writing() as session:
            lent = lending.get(session, loan)
            lent.handed_out_at = moscow("2026-12-15T12:00")
            lent.unit.returned_at = moscow("2027-01-05T10:00")
            # As an earlier version took it.
            lent.unit.report.contact_email = address
    with workshop.installation.database.writing() as session:
        at = moscow("2027-01-20T09:00")
        assert lending.remind(session, workshop.installation, at) == 1
    with workshop.installation.database.writing() as session:
        assert lending.remind(session, workshop.installation, moscow("2027-01-20T15:00")) == 0
    found = {one.recipient: one.state for one in workshop.letters("loan.overdue")}
    assert found == {
        "a@romashka.example.": MailState.FAILED, "boris@romashka.example": MailState.WAITING,
    }  # fmt: skip


def test_c8_a_phone_is_lent_once_at_a_time(workshop: Workshop) -> None:
    loaner = stock(workshop)
    give_service(workshop, workshop.register.first)
    one, other = workshop.file()[0], workshop.file()[0]
    lend(workshop, one, loaner)
    with pytest.raises(LoanerTakenError):
        lend(workshop, other, loaner)
    with pytest.raises(LoanedAlreadyError):
        lend(workshop, one, loaner)


def test_c9_the_loaner_takes_the_phones_configuration_for_the_loan_and_no_longer(
    workshop: Workshop,
) -> None:
    first, second = workshop.register.first, workshop.register.second
    set_line(workshop, first)
    loaner = stock(workshop)
    give_service(workshop, first)
    [unit_id] = workshop.file()
    assert "204" not in configuration(workshop, second)
    loan = lend(workshop, unit_id, loaner)
    token = out(workshop, loan)
    lent = configuration(workshop, second)
    assert '"204"' in lent
    assert "Sehr-Geheim-1" in lent
    back(workshop, loan, "2027-01-10T10:00")
    wiped(workshop, loan, "2027-01-10T11:00")
    after = configuration(workshop, second)
    assert "204" not in after
    assert "Sehr-Geheim-1" not in after
    assert "Sehr-Geheim-1" in configuration(workshop, first), "the own phone keeps its line"
    with workshop.installation.database.reading() as session:
        device = device_row(session, second)
        assert device.organisation_id is None
        at = moscow("2027-01-10T11:01")
        assert credentials.verify_token(session, token, MacAddress(device.mac), at) is None
    assert "пароли SIP" in workshop.letters("loan.back")[0].text


def test_c9_the_secrets_are_new_for_each_loan(workshop: Workshop) -> None:
    with workshop.installation.database.writing() as session:
        device = device_row(session, workshop.register.second)
        at = moscow("2026-03-01T10:00")
        before = credentials.issue_token(session, device, actor="test", now=at)
    loaner = stock(workshop)
    give_service(workshop, workshop.register.first)
    token = out(workshop, lend(workshop, workshop.file()[0], loaner))
    with workshop.installation.database.reading() as session:
        at = moscow("2026-12-16T10:01")
        assert credentials.verify_token(session, before, None, at) is None
        assert credentials.verify_token(session, token, None, at) is not None


def test_c9_a_loaner_is_never_the_customers_own(workshop: Workshop) -> None:
    workshop.register.prove(workshop.register.first, date(2026, 3, 1))
    with pytest.raises(LoanerOwnedError), workshop.installation.database.writing() as session:
        pool.add(
            session, workshop.register.first, VALUE, actor="olga", now=moscow("2026-12-01T10:00")
        )
    loaner = stock(workshop)
    give_service(workshop, workshop.register.first)
    out(workshop, lend(workshop, workshop.file()[0], loaner))
    with workshop.installation.database.reading() as session:
        day = date(2026, 12, 20)
        answer = coverage_of(session, workshop.register.second, day, TermPolicy())
    assert answer.verdict is Verdict.NOT_ESTABLISHED


def test_the_steps_of_a_loan_have_their_order(workshop: Workshop) -> None:
    loaner = stock(workshop)
    give_service(workshop, workshop.register.first)
    loan = lend(workshop, workshop.file()[0], loaner)
    for deed in (back, wiped):
        with pytest.raises(LoanStepError):
            deed(workshop, loan, "2026-12-16T10:00")
    out(workshop, loan)
    with pytest.raises(LoanStepError):
        out(workshop, loan)
    with pytest.raises(LoanStepError):
        wiped(workshop, loan, "2026-12-17T10:00")


def test_the_families_of_the_demo_know_the_lines_that_are_lent(workshop: Workshop) -> None:
    assert family_of(workshop.installation).name == "flat_phone"


# Pages.


def do(client: FlaskClient, address: str, **form: str) -> str:
    token = form_token(client, "/repair/new")
    page = client.post(address, data={**form, "csrf_token": token}, follow_redirects=True)
    return f"{page.status_code} {html.unescape(page.text)}"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_loan_goes_its_way_on_pages(client: FlaskClient, workshop: Workshop) -> None:
    today = moscow_date(now())
    workshop.register.prove(workshop.register.first, today - timedelta(days=30))
    log_in(client, workshop.register, Role.AGENT)
    assert do(client, "/staff/loaners/", serial=workshop.register.second, value="x").startswith(
        "422"
    )
    added = do(client, "/staff/loaners/", serial=workshop.register.second, value="12 500")
    assert "Телефон в подменном фонде" in added
    [unit_id] = workshop.file(at=f"{now():%Y-%m-%dT%H:%M}")
    assert "Подменного телефона не дают ни сертификат, ни договор" in html.unescape(
        client.get(f"/staff/repairs/{unit_id}").text
    )
    assert do(client, f"/staff/loaners/reserve/{unit_id}", loaner="1").startswith("409")
    kept = do(client, f"/staff/loaners/reserve/{unit_id}", loaner="1", why="решение директора")
    assert "решение директора" in kept
    handed = do(client, "/staff/loaners/loans/1/hand-out")
    assert "http://phones.test/p/" in handed
    followed = html.unescape(client.get(workshop.address(unit_id)).text)
    assert f"{workshop.register.second}: верните его в течение 14 дней" in followed
    assert "http://phones.test/p/" not in client.get("/staff/loaners/").text
    assert "вернулся, ждёт стирания" in do(client, "/staff/loaners/loans/1/back")
    assert "Подменный телефон вернулся" in client.get(workshop.address(unit_id)).text
    assert "свободен" in do(client, "/staff/loaners/loans/1/wiped")
    assert "в обслуживании" in do(client, "/staff/loaners/1/service", in_service="yes")
    assert do(client, "/staff/loaners/loans/1/lost").startswith("409")
    assert do(client, "/staff/loaners/loans/99/back").startswith("404")
    assert do(client, "/staff/loaners/loans/1/eaten").startswith("404")
