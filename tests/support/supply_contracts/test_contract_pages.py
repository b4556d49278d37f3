"""Supply contracts by page: what one changes in a warranty, and what may not be taken back."""

import html
import re
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts.models import AuditEntry, Role
from storage.installation import Installation
from support import contracts
from support.coverage import coverage_of
from support.customer_kinds import CustomerKind
from support.models import SupplyContract
from support.replacements.policy import ReplacementPolicy
from support.warranty_terms.terms import TermPolicy
from tests.browserless import form_token
from tests.support.register import CUSTOMER, Register
from tests.support.requests.desk import Desk
from tests.support.requests.test_staff_views import log_in

PAGE = "/staff/supply-contracts/"
NUMBER = "Д-2026/31"
SOLD = date(2026, 3, 2)


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)


@pytest.fixture
def agent(client: FlaskClient, desk: Desk) -> FlaskClient:
    log_in(client, desk, "olga")
    return client


def do(agent: FlaskClient, path: str, **form: str) -> TestResponse:
    token = form_token(agent, f"{PAGE}new")
    return agent.post(f"{PAGE}{path}", data={"csrf_token": token, **form})


def contract(**changes: str) -> dict[str, str]:
    return {"number": NUMBER, "owner": CUSTOMER, "customer": "legal", "months": "36", **changes}


def rows(desk: Desk) -> list[SupplyContract]:
    with desk.installation.database.reading() as session:
        return list(contracts.every(session))


def covered_until(desk: Desk) -> date | None:
    with desk.installation.database.reading() as session:
        return coverage_of(session, desk.register.first, SOLD, TermPolicy()).covered_until


def audited(desk: Desk) -> list[tuple[str, dict[str, object]]]:
    with desk.installation.database.reading() as session:
        query = select(AuditEntry).where(AuditEntry.subject == f"contract:{NUMBER}")
        return [(one.action, one.details) for one in session.scalars(query.order_by(AuditEntry.id))]


def test_w4_a_contract_of_the_page_rules_the_term_of_its_phones_and_its_change_too(
    agent: FlaskClient, desk: Desk
) -> None:
    desk.register.prove(desk.register.first, SOLD, contract=NUMBER)
    assert covered_until(desk) == date(2027, 3, 2)
    assert "Названы при передаче" in html.unescape(agent.get(PAGE).text)
    filled = html.unescape(agent.get(f"{PAGE}new?number={NUMBER}").text)
    assert f'value="{NUMBER}"' in filled
    assert do(agent, "new", **contract()).status_code == 302
    assert covered_until(desk) == date(2029, 3, 2)
    page = html.unescape(agent.get(PAGE).text).replace("\u00a0", " ")
    assert "Названы при передаче" not in page
    assert "срок: 36 месяцев" in page
    [row] = rows(desk)
    assert "1 телефон" in html.unescape(agent.get(f"{PAGE}{row.id}").text).replace("\u00a0", " ")
    assert do(agent, f"{row.id}", **contract(months="24")).status_code == 302
    assert covered_until(desk) == date(2028, 3, 2)
    assert audited(desk) == [("contract.add", {}), ("contract.change", {"months": 24})]


def test_every_field_is_kept_and_comes_back_in_the_form(agent: FlaskClient, desk: Desk) -> None:
    whole = contract(
        product="FP-B2", customer="sole", start="day", start_day="2026-04-01",
        replacement_policy="remainder", inbound_payer="vendor", return_payer="partner",
    )  # fmt: skip
    assert do(agent, "new", **whole).status_code == 302
    [row] = rows(desk)
    assert (row.months, row.start_date) == (36, date(2026, 4, 1))
    assert (row.customer_kind, row.product and row.product.code) == (CustomerKind.SOLE, "FP-B2")
    assert row.replacement_policy == ReplacementPolicy.REMAINDER
    assert (row.inbound_payer, row.return_payer) == ("vendor", "partner")
    form = agent.get(f"{PAGE}{row.id}").text
    chosen = ("FP-B2", "sole", "day", "remainder", "vendor", "partner")
    assert all(f'value="{one}" selected' in form for one in chosen)
    assert 'value="2026-04-01"' in form
    assert do(agent, f"{row.id}", **contract(months="", start="shipment")).status_code == 302
    [row] = rows(desk)
    assert (row.months, row.start_event, row.start_date) == (None, "shipment", None)
    assert row.product is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"number": ""}, "Номер договора"),
        ({"number": "x" * 65}, "Номер договора"),
        ({"owner": "Никто"}, "Нет организации"),
        ({"months": "0"}, "целое число месяцев"),
        ({"months": "1201"}, "целое число месяцев"),
        ({"months": "год"}, "целое число месяцев"),
        ({"months": "²"}, "целое число месяцев"),
        ({"customer": "consumer", "months": "6"}, "Потребителю нельзя"),
        ({"customer": "consumer", "start": "shipment"}, "со дня передачи"),
        ({"start": "day"}, "Назовите день"),
        ({"start": "day", "start_day": "0001-01-01"}, "Назовите день"),
        ({"start": "вчера"}, "Выберите из списка"),
        ({"inbound_payer": "сосед"}, "Выберите из списка"),
        ({"product": "FP-NONE"}, "FP-NONE"),
    ],
)
def test_what_makes_no_contract_is_refused_in_words_and_the_form_comes_back(
    agent: FlaskClient, desk: Desk, changes: dict[str, str], told: str
) -> None:
    answer = do(agent, "new", **contract(**changes))
    assert answer.status_code in {404, 422}
    text = html.unescape(answer.text)
    assert told in text
    assert CUSTOMER in text
    assert rows(desk) == []


def test_a_number_is_recorded_once(agent: FlaskClient) -> None:
    assert do(agent, "new", **contract()).status_code == 302
    again = do(agent, "new", **contract(months="12"))
    assert again.status_code == 409
    assert "уже внесён" in again.text


def test_a_contract_that_phones_are_under_is_not_taken_back_and_one_without_is(
    agent: FlaskClient, desk: Desk
) -> None:
    do(agent, "new", **contract())
    [row] = rows(desk)
    desk.register.prove(desk.register.first, SOLD, contract=NUMBER)
    refused = do(agent, f"{row.id}/remove")
    assert refused.status_code == 409
    assert "обещанное им остаётся" in refused.text
    assert covered_until(desk) == date(2029, 3, 2)
    do(agent, "new", **contract(number="Д-2"))
    mistaken = next(one for one in rows(desk) if one.number == "Д-2")
    assert do(agent, f"{mistaken.id}/remove").status_code == 302
    assert [one.number for one in rows(desk)] == [NUMBER]
    assert do(agent, f"{mistaken.id}/remove").status_code == 404


def test_strangers_are_turned_away_and_an_unknown_contract_is_none(
    agent: FlaskClient, desk: Desk
) -> None:
    assert agent.get(f"{PAGE}77").status_code == 404
    assert do(agent, "77", **contract()).status_code == 404
    log_in(agent, desk, "boris", Role.PUBLISHER)
    assert agent.get(PAGE).status_code == 403


def test_w4_the_second_of_two_people_does_not_take_back_what_the_first_changed(
    agent: FlaskClient, desk: Desk
) -> None:
    do(agent, "new", **contract())
    [row] = rows(desk)
    page = f"{PAGE}{row.id}"
    seen = mark(agent.get(page).text)
    first = do(agent, f"{row.id}", seen=seen, **contract(months="24"))
    second = do(agent, f"{row.id}", seen=seen, **contract(inbound_payer="vendor"))
    assert (first.status_code, second.status_code) == (302, 409)
    said = html.unescape(second.text)
    assert "тем временем изменил другой сотрудник" in said
    assert re.search(r'name="months"[^>]*value="24"|value="24"[^>]*name="months"', said)
    [row] = rows(desk)
    assert (row.months, row.inbound_payer) == (24, None)
    wrong = do(agent, f"{row.id}", seen=mark(second.text), **contract(months="none"))
    assert (wrong.status_code, mark(wrong.text)) == (422, mark(second.text))
    changes = contract(months="24", inbound_payer="vendor")
    assert do(agent, f"{row.id}", seen=mark(wrong.text), **changes).status_code == 302
    [row] = rows(desk)
    assert (row.months, row.inbound_payer) == (24, "vendor")


def mark(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert found
    return found[1]
