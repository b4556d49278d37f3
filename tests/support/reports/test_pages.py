"""Reports as staff read them: a repair from its act to the bench, and the numbers that it makes."""

import csv
import html
import io
from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts.models import Role
from storage.installation import Installation
from support.cases.vocabulary import Reason
from support.reports import fleet
from tests.support.register import Register
from tests.support.repairs.workshop import Workshop, an_act
from tests.support.requests.desk import Desk
from tests.support.test_views import log_in

PERIOD = "since=2026-11-01&until=2027-01-31"


@pytest.fixture
def backend() -> str:
    """What is counted runs on both databases beside the room's functions."""
    return "sqlite"


@pytest.fixture
def workshop(installation: Installation, register: Register) -> Workshop:
    return Workshop(installation, register)


@pytest.fixture
def agent(client: FlaskClient, register: Register) -> FlaskClient:
    log_in(client, register, Role.AGENT)
    return client


def words(page: TestResponse) -> str:
    return html.unescape(page.text)


def table(page: TestResponse) -> list[dict[str, str]]:
    assert page.status_code == 200
    assert page.mimetype == "text/csv"
    assert page.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff"))))


def two_repairs(workshop: Workshop) -> None:
    """One covered and mended in eleven days, one refused for a liquid."""
    mended = workshop.in_repair()
    workshop.repairs(mended)
    workshop.register.prove(workshop.register.second, date(2026, 3, 1))
    [spoilt] = workshop.file(workshop.register.second)
    workshop.receives(spoilt)
    workshop.photographs(spoilt)
    workshop.opens(spoilt)
    workshop.decides(spoilt, Reason.LIQUID)
    with workshop.installation.database.writing() as session:
        fleet.keep(session, fleet.counted(session))


def test_what_happened_to_phones_stands_in_the_report(
    agent: FlaskClient, workshop: Workshop
) -> None:
    two_repairs(workshop)
    [line] = table(agent.get(f"/staff/reports/repairs.csv?{PERIOD}"))
    assert line == {
        "product": "FP-B2", "phones": "2", "cases": "2", "failures": "1",
        "rate_percent": "50.00", "undecided": "0", "covered": "1", "refused": "1",
        "refused_because": "LIQUID:1", "replaced": "0", "repeats": "0", "days_median": "11",
        "days_p90": "11", "in_term_percent": "100.00", "quotes": "0", "quotes_accepted": "0",
        "accepted_roubles": "0.00",
    }  # fmt: skip
    lots = table(agent.get(f"/staff/reports/repairs.csv?{PERIOD}&by=lot"))
    assert [(one["lot"], one["cases"]) for one in lots] == [("25W46", "1"), ("25W47", "1")]
    page = words(agent.get(f"/staff/reports/repairs?{PERIOD}&by=lot"))
    assert "25W46" in page
    assert "следы жидкости" in page
    assert "50,0 %" in page


def test_every_division_and_the_chart_in_words_are_on_the_page(
    agent: FlaskClient, workshop: Workshop
) -> None:
    two_repairs(workshop)
    for by in ("product", "lot", "firmware", "organisation", "partner"):
        page = agent.get(f"/staff/reports/repairs?{PERIOD}&by={by}")
        assert page.status_code == 200
        assert '<desc id="months-desc">11.2026: 0; 12.2026: 2; 01.2027: 0' in page.text
        assert agent.get(f"/staff/reports/requests?{PERIOD}&by={by}").status_code == 200
    assert "Nothing stands out" in words(agent.get("/en/staff/reports/"))


def test_requests_are_counted_with_their_promises(agent: FlaskClient, workshop: Workshop) -> None:
    desk = Desk(workshop.installation, workshop.register)
    desk.conclude()
    desk.writes_for_customer()
    desk.register.prove(desk.register.first, date(2026, 3, 1))
    desk.comes("2026-11-23T10:00")
    [line] = table(agent.get(f"/staff/reports/requests.csv?{PERIOD}&by=lot"))
    assert (line["lot"], line["requests"], line["open"]) == ("25W46", "1", "1")
    assert line["promised"] == "0"


@pytest.mark.parametrize(
    "query",
    ["since=2026-12-01&until=2026-01-01", "since=never", "until=9999-99-99", "since=-1"],
)
def test_a_period_that_is_none_is_said_and_the_rest_is_kept(agent: FlaskClient, query: str) -> None:
    page = agent.get(f"/staff/reports/repairs?{query}&by=lot&product=FP-B2")
    assert page.status_code == 422
    assert "не период" in words(page)
    assert '<option value="lot" selected>' in page.text
    for address in ("/staff/reports/repairs.csv", "/staff/reports/requests", "/staff/reports/"):
        assert agent.get(f"{address}?{query}").status_code == 422, address


def test_a_refused_period_keeps_both_days_and_shows_no_result(agent: FlaskClient) -> None:
    for address in ("", "repairs", "requests"):
        page = agent.get(f"/staff/reports/{address}?since=abc&until=2020-13-45").text
        assert 'value="abc"' in page
        assert 'value="2020-13-45"' in page
        assert "ничего не выделяется" not in page
        assert "В числах" not in page


def test_hostile_conditions_find_nothing_and_break_nothing(
    agent: FlaskClient, workshop: Workshop
) -> None:
    two_repairs(workshop)
    for typed in ("'; DROP TABLE repair_unit;--", "%_%", "<b>", "9" * 400, "١٢"):
        for name in ("product", "lot", "firmware", "organisation", "partner", "by"):
            page = agent.get("/staff/reports/repairs", query_string={name: typed})
            assert page.status_code == 200, (name, typed)
            assert "<b>" not in page.text


def test_a_name_that_is_a_formula_stays_text_in_the_file(
    agent: FlaskClient, workshop: Workshop
) -> None:
    act_of_formula(workshop)
    [line] = table(agent.get(f"/staff/reports/repairs.csv?{PERIOD}&by=firmware"))
    assert line["firmware"] == "'=1+1"


def act_of_formula(workshop: Workshop) -> None:
    act = an_act(workshop.register.first)
    workshop.file_act(replace(act, phones=(replace(act.phones[0], firmware="=1+1"),)))


def test_reports_are_for_staff(client: FlaskClient, register: Register) -> None:
    assert client.get("/staff/reports/").status_code == 302
    log_in(client, register, Role.CUSTOMER)
    for address in ("", "repairs", "requests", "repairs.csv", "requests.csv"):
        assert client.get(f"/staff/reports/{address}").status_code == 403
