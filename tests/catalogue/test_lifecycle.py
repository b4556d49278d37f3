import json
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from accounts import audit, users
from catalogue import products
from catalogue.products import Lifecycle, NewProduct
from storage.clock import moscow_date, now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD

CODE, PAGE = "FP-B2", "/en/staff/products/FP-B2"
TODAY = moscow_date(now())
PAST, FUTURE = TODAY - timedelta(days=40), TODAY + timedelta(days=400)


@pytest.fixture
def admin(client: FlaskClient, installation: Installation) -> FlaskClient:
    with installation.database.writing() as session:
        products.add(session, NewProduct(CODE, "Б2", "B2"), actor="test", now=now())
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    log_in(client)
    return client


def shown(client: FlaskClient) -> str:
    return client.get(f"/en/downloads/{CODE}/").get_data(as_text=True)


def store(client: FlaskClient, sales_end: object, support_end: object) -> int:
    form = {"sales_end": str(sales_end), "support_end": str(support_end)}
    return post(client, PAGE, form).status_code


def test_the_dates_are_told_on_the_page_and_to_programs(admin: FlaskClient) -> None:
    assert "Sold until" not in shown(admin)
    assert store(admin, PAST, FUTURE) == 302
    assert f"Sales ended on {PAST:%d.%m.%Y}" in shown(admin)
    assert f"Supported until {FUTURE:%d.%m.%Y}" in shown(admin)
    (entry,) = json.loads(admin.get("/manifest.json").data)["products"]
    assert (entry["sales_end"], entry["support_end"]) == (PAST.isoformat(), FUTURE.isoformat())


def test_the_last_day_is_still_one(admin: FlaskClient) -> None:
    # A day may end while the tests run.
    today = moscow_date(now())
    store(admin, today, today)
    assert "Sold until" in shown(admin)
    assert "Supported until" in shown(admin)
    store(admin, PAST, PAST)
    assert "Support ended on" in shown(admin)


def test_dates_can_be_taken_away(admin: FlaskClient) -> None:
    store(admin, PAST, FUTURE)
    assert store(admin, "", "") == 302
    assert "until" not in shown(admin)


@pytest.mark.parametrize(
    ("sales_end", "support_end", "words"),
    [
        (FUTURE, PAST, "cannot end before"),
        ("tomorrow", "", "not understood"),
        ("2026-02-30", "", "not understood"),
    ],
)
def test_dates_without_sense_are_refused(
    admin: FlaskClient, sales_end: object, support_end: object, words: str
) -> None:
    form = {"sales_end": str(sales_end), "support_end": str(support_end)}
    answer = post(admin, PAGE, form)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert "until" not in shown(admin)


@pytest.mark.usefixtures("admin")
def test_the_same_dates_again_change_nothing(installation: Installation) -> None:
    with installation.database.writing() as session:
        dates = Lifecycle(date(2027, 1, 1), date(2030, 1, 1))
        for _ in range(2):
            products.set_lifecycle(session, CODE, dates, actor="test", now=now())
        session.flush()
        actions = [entry.action for entry in audit.latest(session, 50)]
    assert actions.count("product.lifecycle") == 1
