import html
import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.models import Role
from storage.clock import moscow_date, now
from storage.installation import Installation
from support.agreements import agreements
from support.agreements.agreements import ContactAddressError
from support.agreements.models import SupportContact
from support.certificate_orders import ordering, reminding
from support.certificate_orders.lines import checked, typed_lines
from support.certificate_orders.ordering import NewOrder
from support.certificate_orders.refused import OrderSettledError, PaidDayError
from support.coverage import coverage_of
from support.mailroom.models import MailState, OutgoingMail
from support.models import Certificate
from support.public_checks.attempts import LIMIT
from support.public_checks.public_check import TypedLabel
from support.warranty_certificates.certificates import WindowClosedError
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy
from tests.browserless import form_token
from tests.support.racing import beaten_once
from tests.support.register import CUSTOMER, REGISTERED_AT, Register
from tests.support.repairs.workshop import moscow
from tests.support.test_views import log_in


def moscow_today() -> date:
    """Asked for when it is needed: a day may end while the tests run."""
    return moscow_date(now())


HANDED_OVER = date(2026, 2, 10)
ENDING, OTHER_ENDING = "0A0001", "0A0002"


def place(
    installation: Installation, register: Register, at: str, *, key: str = "k-1",
    kind: EntitlementKind = EntitlementKind.EXTENDED, endings: tuple[str, ...] = (ENDING,),
) -> int:  # fmt: skip
    serials = (register.first, register.second)
    labels = [TypedLabel(*pair) for pair in zip(serials, endings, strict=False)]
    today = moscow_date(moscow(at))
    with installation.database.writing() as session:
        lines = [
            checked(session, label, kind, None, today, TermPolicy(), lambda: lambda: None)
            for label in labels
        ]
        new = NewOrder(kind, 24, CUSTOMER, "anna@romashka.example", key, "192.0.2.1")
        order = ordering.place(session, installation, new, lines, actor="anna", now=moscow(at))
        return order.id


def pay(installation: Installation, order: int, paid_on: date, at: str, override: str = "") -> str:
    with installation.database.writing() as session:
        sold = ordering.paid(
            session, installation, order, paid_on, override, actor="olga", now=moscow(at)
        )
        return sold.number


def letters(installation: Installation, purpose: str) -> list[OutgoingMail]:
    with installation.database.reading() as session:
        query = select(OutgoingMail).where(OutgoingMail.purpose == purpose)
        return list(session.scalars(query.order_by(OutgoingMail.id)))


def test_c1_an_order_says_until_when_it_may_be_paid_and_that_day_is_in_time(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    order = place(installation, register, "2027-01-20T10:00")
    [letter] = letters(installation, "certificate.ordered")
    assert "10.02.2027" in letter.text
    number = pay(installation, order, date(2027, 2, 10), "2027-02-11T09:00")
    with installation.database.reading() as session:
        answer = coverage_of(session, register.first, date(2027, 3, 1), TermPolicy())
        certificate = session.scalar(select(Certificate).where(Certificate.number == number))
    assert answer.covered_until == date(2029, 2, 10)
    assert certificate is not None
    assert certificate.purchased_on == date(2027, 2, 10), "the day of the paid order"
    assert len(letters(installation, "certificate.issued")) == 1


def test_c5_paid_a_day_late_it_needs_a_reason(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    order = place(installation, register, "2027-01-20T10:00")
    with pytest.raises(WindowClosedError):
        pay(installation, order, date(2027, 2, 11), "2027-02-11T09:00")
    assert pay(installation, order, date(2027, 2, 11), "2027-02-11T09:00", "решение директора")


def test_c3_the_loaner_service_is_ordered_in_the_same_window(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    order = place(installation, register, "2027-02-10T23:00", kind=EntitlementKind.LOANER)
    pay(installation, order, date(2027, 2, 10), "2027-02-11T09:00")
    with pytest.raises(WindowClosedError):
        place(installation, register, "2027-02-11T00:01", key="k-2", kind=EntitlementKind.LOANER)


def test_c4_phones_that_cannot_have_it_are_left_out_of_the_order(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    register.prove(register.second, date(2024, 1, 10))
    order = place(installation, register, "2027-01-20T10:00", endings=(ENDING, OTHER_ENDING))
    with installation.database.reading() as session:
        [found] = ordering.every(session)
        assert found.id == order
        assert found.serials == (register.first,)


def test_c6_a_cancelled_order_gives_nothing_and_an_order_is_settled_once(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    order = place(installation, register, "2027-01-20T10:00")
    with installation.database.writing() as session:
        ordering.cancel(session, order, actor="olga", now=moscow("2027-01-21T10:00"))
    with pytest.raises(OrderSettledError):
        pay(installation, order, date(2027, 1, 22), "2027-01-22T10:00")


@pytest.mark.parametrize("day", [date(2027, 1, 19), date(2027, 1, 26)])
def test_a_day_of_payment_before_the_order_or_to_come_is_refused(
    installation: Installation, register: Register, day: date
) -> None:
    register.prove(register.first, HANDED_OVER)
    order = place(installation, register, "2027-01-20T10:00")
    with pytest.raises(PaidDayError):
        pay(installation, order, day, "2027-01-25T10:00")


def test_a_form_sent_twice_is_one_order(installation: Installation, register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    once = place(installation, register, "2027-01-20T10:00")
    assert place(installation, register, "2027-01-20T10:01") == once
    assert len(letters(installation, "certificate.ordered")) == 1


@pytest.mark.parametrize(
    ("left", "step"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)],
)
def test_c7_reminders_come_at_60_30_and_7_days(left: int, step: int | None) -> None:
    today = date(2027, 1, 1)
    assert reminding.step_due(today + timedelta(days=left), today) == step


def test_c7_the_owner_is_told_once_at_each_step_and_never_praised_to(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    register.prove(register.second, HANDED_OVER + timedelta(days=1))
    with installation.database.writing() as session:
        for address in ("anna@romashka.example", "@romashka.example"):
            agreements.add_contact(session, address, CUSTOMER, actor="test", now=REGISTERED_AT)
    sent = []
    for day in ("2026-12-11", "2026-12-12", "2026-12-13", "2027-01-13", "2027-02-04", "2027-02-12"):
        with installation.database.writing() as session:
            sent.append(reminding.remind(session, installation, moscow(f"{day}T09:00")))
    assert sent == [0, 1, 1, 1, 1, 0]
    found = letters(installation, "certificate.window")
    assert {letter.recipient for letter in found} == {"anna@romashka.example"}
    assert register.first in found[0].text
    assert register.second not in found[0].text
    assert f"{register.second}: по 11.02.2027 включительно" in found[2].text
    assert "!" not in found[0].text.replace("Здравствуйте!", "")


def test_c7_an_address_that_takes_no_letter_keeps_no_one_elses_back(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    with installation.database.writing() as session:
        for address in ("иван@romashka.example", "a@romashka.example."):
            with pytest.raises(ContactAddressError):
                agreements.add_contact(session, address, CUSTOMER, actor="test", now=REGISTERED_AT)
        for address in ("anna@romashka.example", "boris@romashka.example"):
            agreements.add_contact(session, address, CUSTOMER, actor="test", now=REGISTERED_AT)
        # As an earlier version took it.
        session.get_one(SupportContact, "anna@romashka.example").address = "a@romashka.example."
    with installation.database.writing() as session:
        assert reminding.remind(session, installation, moscow("2026-12-12T09:00")) == 1
    with installation.database.writing() as session:
        assert reminding.remind(session, installation, moscow("2026-12-12T15:00")) == 0
    found = {one.recipient: one.state for one in letters(installation, "certificate.window")}
    assert found == {
        "a@romashka.example.": MailState.FAILED, "boris@romashka.example": MailState.WAITING,
    }  # fmt: skip


def test_c7_who_has_bought_is_told_nothing(installation: Installation, register: Register) -> None:
    register.prove(register.first, HANDED_OVER)
    with installation.database.writing() as session:
        agreements.add_contact(
            session, "anna@romashka.example", CUSTOMER, actor="test", now=REGISTERED_AT
        )
    order = place(installation, register, "2026-12-01T10:00")
    pay(installation, order, date(2026, 12, 2), "2026-12-02T10:00")
    with installation.database.writing() as session:
        assert reminding.remind(session, installation, moscow("2027-01-15T09:00")) == 0


def test_lines_are_read_as_people_type_them() -> None:
    found = typed_lines(" FP1  0A0001\n\nfp2;0a0002\r\nFP1 0A0001\n")
    assert [(line.serial, line.mac_ending) for line in found] == [
        ("FP1", "0A0001"), ("fp2", "0a0002"),
    ]  # fmt: skip


# Pages.


def send(
    client: FlaskClient, address: str = "/warranty/certificate", **form: str
) -> tuple[int, str, str]:
    token = form_token(client, "/repair/new")
    page = client.post(address, data={**form, "csrf_token": token})
    return page.status_code, html.unescape(page.text), page.headers.get("Location", "")


def filled(register: Register, **more: str) -> dict[str, str]:
    return {
        "kind": "extended", "lines": f"{register.first} {ENDING}", "months": "24",
        "buyer": CUSTOMER, "email": "anna@romashka.example", "form_key": "f-1", **more,
    }  # fmt: skip


@pytest.mark.parametrize("backend", ["sqlite"])
def test_c1_a_person_sees_the_last_day_orders_and_staff_note_the_payment(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, moscow_today() - timedelta(days=100))
    status, page, _where = send(client, **filled(register, step="look", months="", buyer=""))
    assert status == 200
    last = re.search(r"\d\d\.\d\d\.\d{4}", page.partition("Оплатить можно по")[2])
    assert last is not None
    status, page, where = send(client, **filled(register))
    assert status == 302
    followed = html.unescape(client.get(where).text)
    assert f"оплатить по {last[0]}" in followed
    assert client.get(where).headers["Cache-Control"] == "no-store"
    log_in(client, register, Role.AGENT)
    assert CUSTOMER in html.unescape(client.get("/staff/certificate-orders/").text)
    assert send(client, "/staff/certificate-orders/1/paid", paid_on="вчера")[0] == 422
    waiting = html.unescape(client.get("/staff/certificate-orders/").text)
    asked_again = waiting.split("Отменить заказ…</summary>")[1].split("</details>")[0]
    assert "/staff/certificate-orders/1/cancel" in asked_again
    assert "Отменить заказ 1</button>" in asked_again
    done = send(client, "/staff/certificate-orders/1/paid", paid_on=moscow_today().isoformat())
    assert done[0] == 302
    assert "оплачен, выдан" in html.unescape(client.get("/staff/certificate-orders/").text)
    followed = html.unescape(client.get(where).text)
    assert "Сертификат выдан по дню оплаты" in followed
    assert "Счёт придёт" not in followed
    assert send(client, "/staff/certificate-orders/1/cancel")[0] == 409
    assert send(client, "/staff/certificate-orders/99/cancel")[0] == 404


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_form_sent_twice_at_once_leads_both_to_one_order(
    client: FlaskClient, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.prove(register.first, moscow_today() - timedelta(days=100))
    form = filled(register, form_key="k" * 32)
    where = send(client, **form)[2]
    monkeypatch.setattr(ordering, "place", beaten_once(ordering.place))
    assert send(client, **form)[2] == where != ""


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_key_that_is_no_key_of_ours_leads_to_nobody_elses_order(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, moscow_today() - timedelta(days=100))
    first, second = (send(client, **filled(register, form_key="1"))[2] for _time in range(2))
    assert first != second
    ours = filled(register, form_key="k" * 32)
    assert send(client, **ours)[2] == send(client, **ours)[2]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_c4_what_cannot_be_ordered_is_said_and_what_was_typed_stays(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, moscow_today() - timedelta(days=100))
    for field, value, said in (
        ("months", "13", "12, 24 или 36"), ("lines", "", "от 1 до 100"),
        ("email", "info@фирма.рф", "почты латиницей"), ("email", "a@b..c", "почты латиницей"),
        ("kind", "base", "Выберите"),
        ("email", "анна", "на него придёт счёт"), ("buyer", "", "Укажите покупателя"),
    ):  # fmt: skip
        status, page, _where = send(client, **filled(register, **{"form_key": field, field: value}))
        assert (status, said in page) == (422, True), field
    assert "anna@romashka.example" in page


@pytest.mark.parametrize("backend", ["sqlite"])
def test_serials_cannot_be_guessed_through_the_form(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, moscow_today() - timedelta(days=100))
    wrong = send(client, **filled(register, lines=f"{register.first} FFFFFF"))
    unknown = send(client, **filled(register, lines="FP2546B2000000Z FFFFFF"))
    assert wrong[0] == unknown[0] == 404
    said = "Такой пары серийного номера"
    assert said in wrong[1]
    assert said in unknown[1]
    for _more in range(LIMIT):
        send(client, **filled(register, lines=f"{register.first} FFFFFF"))
    assert "Слишком много неудачных" in send(client, **filled(register))[1]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_owner_needs_no_label(client: FlaskClient, register: Register) -> None:
    register.prove(register.first, moscow_today() - timedelta(days=100))
    assert send(client, **filled(register, lines=register.first))[0] != 302
    log_in(client, register, Role.CUSTOMER)
    assert send(client, **filled(register, lines=register.first, form_key="f-2"))[0] == 302


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_guessed_order_opens_nothing(client: FlaskClient, register: Register) -> None:
    register.prove(register.first, moscow_today() - timedelta(days=100))
    send(client, **filled(register))
    for guess in ("1", "x" * 32, "f-1"):
        assert client.get(f"/warranty/certificate/{guess}").status_code == 404


@pytest.mark.parametrize("backend", ["sqlite"])
def test_c4_who_ordered_is_told_which_phones_were_left_out_and_why(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, moscow_today() - timedelta(days=100))
    register.prove(register.second, date(2020, 2, 1))
    lines = f"{register.first} {ENDING}\n{register.second} 0A0002\nX1\nX2\nX3"
    _status, _page, where = send(client, **filled(register, lines=lines))
    followed = html.unescape(client.get(where).text)
    assert f"{register.second} не вошёл в заказ" in followed
    assert "с 01.02.2020 по 01.02.2021 включительно" in followed
    assert "Не вошли ещё: 1." in followed
