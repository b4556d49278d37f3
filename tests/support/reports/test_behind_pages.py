"""The lists behind figures as staff read them, by links of the report."""

import html
import random
import re

import pytest
from flask.testing import FlaskClient

from accounts.models import Role
from support.reports.question import Dimension
from tests.support.register import Register
from tests.support.reports import workload
from tests.support.reports.workload import SINCE, UNTIL
from tests.support.test_views import log_in

PERIOD = f"since={SINCE}&until={UNTIL}"


@pytest.fixture
def backend() -> str:
    """What is counted runs on both databases beside the room's functions."""
    return "sqlite"


@pytest.fixture
def agent(client: FlaskClient, register: Register) -> FlaskClient:
    log_in(client, register, Role.AGENT)
    return client


@pytest.mark.parametrize("by", list(Dimension))
def test_every_link_of_the_page_shows_its_count(
    agent: FlaskClient, many: workload.Customers, by: Dimension
) -> None:
    assert many
    text = agent.get(f"/staff/reports/repairs?{PERIOD}&by={by.value}").text
    found = re.findall(r'href="(/staff/reports/repairs/list[^"]*)">([\d\u00a0]+)</a>', text)
    assert len(found) > 20
    for address, number in random.Random(1).sample(found, 15):
        shown = agent.get(html.unescape(address)).text
        total = re.search(r"<strong>([\d\u00a0]+)</strong>", shown)
        assert total is not None
        assert total[1] == number, address


def test_bars_and_months_are_links_for_the_keyboard(
    agent: FlaskClient, many: workload.Customers
) -> None:
    assert many
    text = agent.get(f"/staff/reports/repairs?{PERIOD}&by=lot").text
    assert text.count('role="group"') >= 2
    month = re.search(r'<a href="([^"]*)" aria-label="03\.2026: (\d+)">', text)
    assert month is not None
    shown = agent.get(html.unescape(month[1])).text
    assert f"<strong>{month[2]}</strong>" in shown
    assert "01.03.2026 – 31.03.2026" in shown


def test_a_list_is_turned_and_leads_to_the_repair_and_back(
    agent: FlaskClient, many: workload.Customers
) -> None:
    assert many
    page = agent.get(f"/en/staff/reports/repairs/list?{PERIOD}&product=FP-B2")
    assert "All cases" in page.text
    assert 'href="/en/staff/repairs/' in page.text
    [further] = re.findall(r'rel="next" href="([^"]*)"', page.text)
    assert "product=FP-B2" in further
    second = agent.get(html.unescape(further)).text
    assert 'rel="prev"' in second
    back = re.search(r'href="(/en/staff/reports/repairs\?[^"]*)"', second)
    assert back is not None
    assert "product=FP-B2" in back[1]


@pytest.mark.parametrize("where", ["repairs", "requests"])
def test_hostile_addresses_find_nothing_and_break_nothing(
    agent: FlaskClient, many: workload.Customers, where: str
) -> None:
    assert many
    typed = ("'; DROP TABLE repair_unit;--", "%_%", "<b>", "9" * 400, "-1", "١٢", "")
    for value in typed:
        for name in ("line", "figure", "reason", "code", "page", "organisation", "by", "lot"):
            for by in Dimension:
                asked = {"by": by.value, name: value}
                page = agent.get(f"/staff/reports/{where}/list", query_string=asked)
                assert page.status_code == 200, asked
                assert "<b>" not in page.text
    assert agent.get(f"/staff/reports/{where}/list?since=never").status_code == 422


@pytest.mark.parametrize("where", ["repairs", "requests"])
def test_names_that_are_orders_elsewhere_are_not_carried_on(
    agent: FlaskClient, many: workload.Customers, where: str
) -> None:
    assert many
    for odd in ("endpoint", "page", "_scheme", "_method", "_anchor", "_external"):
        page = agent.get(f"/staff/reports/{where}/list?{PERIOD}&page=2&by=product&{odd}=https")
        assert page.status_code == 200, odd
        turned = re.findall(r'rel="(?:prev|next)" href="([^"]*)"', page.text)
        assert all(one.startswith("/staff/reports/") for one in turned), odd
        assert not any(f"{odd}=https" in one for one in turned), odd


def test_single_things_are_for_staff_alone(
    client: FlaskClient, register: Register, many: workload.Customers
) -> None:
    assert many
    for where in ("repairs", "requests"):
        assert client.get(f"/staff/reports/{where}/list").status_code == 302
    log_in(client, register, Role.CUSTOMER)
    for where in ("repairs", "requests"):
        assert client.get(f"/staff/reports/{where}/list").status_code == 403
    assert "/list" not in client.get("/my/report/repairs").text
