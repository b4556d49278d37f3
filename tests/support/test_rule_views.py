import html
import re

import pytest
from flask.testing import FlaskClient

from support.calendars.loading import shipped as shipped_calendar
from support.packages.loading import shipped
from support.repair_term import RepairPolicy
from support.rulebook import support_chapters, warranty_chapters
from support.warranty_terms.terms import TermPolicy


@pytest.fixture
def backend() -> str:
    """Pages without a row of the database."""
    return "sqlite"


def read(client: FlaskClient, address: str, status: int = 200) -> str:
    page = client.get(address)
    assert page.status_code == status
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.text)))


def test_the_rules_page_takes_its_figures_from_the_policy_that_decides() -> None:
    def told(terms: TermPolicy, repair: RepairPolicy) -> str:
        chapters = warranty_chapters(terms, repair)
        return " ".join(clause.text.ru for part in chapters for clause in part.clauses)

    assert "12\N{NO-BREAK SPACE}месяцев" in told(TermPolicy(), RepairPolicy())
    assert "14\N{NO-BREAK SPACE}календарных дней" in told(TermPolicy(), RepairPolicy())
    other = told(TermPolicy(months=24), RepairPolicy(days=10))
    assert "24\N{NO-BREAK SPACE}месяца" in other
    assert "10\N{NO-BREAK SPACE}календарных дней" in other


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_rule_stands_on_its_page_in_both_languages(client: FlaskClient, prefix: str) -> None:
    language = "en" if prefix else "ru"
    warranty = read(client, f"{prefix}/rules/warranty")
    for chapter in warranty_chapters(TermPolicy(), RepairPolicy()):
        for clause in chapter.clauses:
            assert clause.text.text(language).replace("\xa0", " ") in warranty
    support = read(client, f"{prefix}/rules/support")
    for chapter in support_chapters(shipped_calendar()):
        for clause in chapter.clauses:
            assert clause.text.text(language) in support


def test_r1_the_rules_page_reckons_ones_own_dates(client: FlaskClient) -> None:
    page = read(client, "/rules/warranty?handover=2025-11-22&received=2026-12-17")
    for day in ("22.11.2026", "23.11.2026", "11.01.2027", "31.12.2026"):
        assert day in page


def test_s8_the_page_of_packages_shows_the_targets_that_the_clocks_use(
    client: FlaskClient,
) -> None:
    page = read(client, "/rules/packages")
    for package in shipped():
        assert package.name.ru in page
    assert "2 ч 8 ч 40 ч" in page
    assert "30 мин круглосуточно" in page
    assert "не регламентировано" in page


def test_s3_the_page_of_packages_says_from_when_time_counts(client: FlaskClient) -> None:
    address = "/rules/packages?package=STANDARD&priority=P2&at=2026-11-20T19:30"
    page = read(client, address)
    assert "23.11.2026 09:00:00" in page
    assert "23.11.2026 13:00:00" in page
    free = read(client, "/en/rules/packages?package=FREE&priority=P1&at=2026-11-20T19:30")
    assert free.count("not regulated") == 6


@pytest.mark.parametrize(
    "address",
    [
        "/rules/warranty?handover=tomorrow",
        "/rules/warranty?handover=9999-12-31",
        "/rules/warranty?received=9999-12-31",
        "/rules/packages?at=soon",
        "/rules/packages?at=9999-12-31T23:59",
        "/rules/packages?at=0001-01-01T00:00",
    ],
)
def test_a_date_that_cannot_be_reckoned_is_said_so_and_stays_in_the_form(
    client: FlaskClient, address: str
) -> None:
    page = client.get(address)
    assert page.status_code == 422
    assert address.rsplit("=", maxsplit=1)[-1] in page.text


def test_s2_d2_contacts_name_every_way_to_reach_us(client: FlaskClient) -> None:
    page = read(client, "/contacts")
    for told in ("+7 499 551-77-78", "доб. 4042", "support@flat-pro.ru", "ул. 8 Марта"):
        assert told in page
    assert ("Сейчас открыто" in page) != ("Сейчас закрыто" in page)


def test_f2_the_blank_fault_report_is_asked_for_by_mail(client: FlaskClient) -> None:
    assert "mailto:support@flat-pro.ru?subject=" in client.get("/contacts").text
