"""What certificates cost: dated, for a product or for all; an order keeps the price of its day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Role
from catalogue import products
from storage.clock import moscow_date, now
from storage.installation import Installation
from support.certificate_orders import prices
from support.certificate_orders.models import CertificateOrder
from support.certificate_orders.prices import (
    NewPrice,
    PriceDayError,
    PriceInForceError,
    PriceMonthsError,
    PriceTakenError,
)
from support.warranty_certificates.certificates import CertificateKindError
from support.warranty_terms.entitlements import EntitlementKind
from tests.browserless import form_token
from tests.support.certificate_orders.test_ordering import HANDED_OVER, letters, place
from tests.support.register import Register
from tests.support.repairs.workshop import moscow
from tests.support.test_views import log_in

KIND = EntitlementKind.EXTENDED
SET_AT = moscow("2026-11-01T10:00")


def put(session: Session, price: str, from_day: date, product: str = "", months: int = 24) -> int:
    new = NewPrice(KIND, months, Decimal(price), from_day, product)
    return prices.add(session, new, actor="admin", now=SET_AT).id


def test_a_price_holds_from_its_day_and_a_product_may_have_its_own(
    installation: Installation, register: Register
) -> None:
    assert register.first
    with installation.database.writing() as session:
        put(session, "1990", date(2026, 11, 1))
        put(session, "2100.50", date(2026, 12, 1))
        put(session, "900", date(2026, 11, 15), "FP-B2")
        own, other = (products.get(session, code).id for code in ("FP-B2", "T46S"))

        def on(product: int | None, day: date, months: int = 24) -> Decimal | None:
            return prices.of(session, product, KIND, months, day)

        assert on(other, date(2026, 10, 31)) is None
        assert on(other, date(2026, 11, 30)) == Decimal(1990)
        assert on(other, date(2026, 12, 1)) == Decimal("2100.50")
        assert on(own, date(2026, 11, 14)) == Decimal(1990)
        assert on(own, date(2026, 12, 31)) == Decimal(900)
        assert on(own, date(2026, 12, 31), months=12) is None


def test_the_past_is_not_changed_and_a_day_has_one_price(installation: Installation) -> None:
    with installation.database.writing() as session:
        holding = put(session, "1990", date(2026, 11, 1))
        future = put(session, "2000", date(2026, 12, 1))
        with pytest.raises(PriceTakenError):
            put(session, "5", date(2026, 12, 1))
        with pytest.raises(PriceDayError):
            put(session, "5", date(2026, 10, 31))
        with pytest.raises(PriceMonthsError):
            put(session, "5", date(2026, 12, 1), months=13)
        with pytest.raises(CertificateKindError):
            new = NewPrice(EntitlementKind.BASE, 12, Decimal(1), date(2026, 12, 1))
            prices.add(session, new, actor="admin", now=SET_AT)
        with pytest.raises(PriceInForceError):
            prices.remove(session, holding, actor="admin", now=SET_AT)
        prices.remove(session, future, actor="admin", now=SET_AT)
        assert [one.id for one in prices.every(session)] == [holding]


def test_an_order_keeps_the_price_of_its_day_and_its_letter_tells_it(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    with installation.database.writing() as session:
        put(session, "1990", date(2026, 11, 1))
        put(session, "5000", date(2026, 12, 5))
    number = place(installation, register, "2026-12-01T10:00")
    with installation.database.reading() as session:
        order = session.get_one(CertificateOrder, number)
        assert order.amount == Decimal(1990)
    assert "Сумма: 1\u00a0990,00\u00a0₽" in letters(installation, "certificate.ordered")[0].text


def test_an_order_without_a_price_says_that_the_invoice_has_it(
    installation: Installation, register: Register
) -> None:
    register.prove(register.first, HANDED_OVER)
    number = place(installation, register, "2026-12-01T10:00")
    with installation.database.reading() as session:
        assert session.get_one(CertificateOrder, number).amount is None


def test_an_administrator_sets_a_price_and_customers_see_it(
    client: FlaskClient, register: Register
) -> None:
    log_in(client, register, Role.ADMIN)
    home, today = "/staff/certificate-prices/", moscow_date(now())

    def send(path: str = "", **form: str) -> int:
        token = form_token(client, home)
        return client.post(f"{home}{path}", data={"csrf_token": token, **form}).status_code

    good = {"kind": "extended", "months": "24", "price": "1 990,50", "product": ""}
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert send(**good, valid_from=today.isoformat()) == 302
    assert send(**good, valid_from=tomorrow) == 302
    for wrong in (
        {"price": "0"},
        {"price": "1e9"},
        {"months": "13"},
        {"kind": "base"},
        {"valid_from": "2020-01-01"},
        {"valid_from": "завтра"},
        {"product": "NONE"},
    ):
        assert send(**{**good, "valid_from": tomorrow, **wrong}) in {404, 422}
    assert send("1/remove") == 409
    assert send("2/remove") == 302
    assert send("77/remove") == 404
    assert "1\u00a0990,50\u00a0₽" in client.get("/warranty/certificate").get_data(as_text=True)


def test_an_agent_sees_prices_and_sets_none(client: FlaskClient, register: Register) -> None:
    log_in(client, register, Role.AGENT)
    page = client.get("/staff/certificate-prices/")
    assert page.status_code == 200
    assert 'name="valid_from"' not in page.get_data(as_text=True)
