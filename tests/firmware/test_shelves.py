"""The catalogue of all products: as many questions to the database as for one of them."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from catalogue import products
from firmware import releases
from storage.clock import now
from storage.installation import Installation
from tests.firmware.shelf import Shelf


@pytest.fixture
def backend() -> str:
    return "sqlite"


def questions(installation: Installation, client: FlaskClient, address: str) -> int:
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    engine = installation.database.engine
    event.listen(engine, "before_cursor_execute", note)
    assert client.get(address).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return sum(1 for statement in asked if statement.lstrip().upper().startswith("SELECT"))


def fill(shelf: Shelf, codes: tuple[str, ...]) -> None:
    for code in codes:
        new = products.NewProduct(code, f"Телефон {code}", f"Phone {code}", ("A", "B"))
        with shelf.installation.database.writing() as session:
            products.add(session, new, actor="test", now=now())
        shelf.publish("1.0.0", product=code)


@pytest.mark.parametrize("address", ["/", "/downloads/", "/downloads/?q=FP"])
def test_more_products_are_no_more_questions(
    installation: Installation, client: FlaskClient, shelf: Shelf, address: str
) -> None:
    shelf.publish("1.0.0")
    shelf.publish("1.10.0")
    client.get(address)
    alone = questions(installation, client, address)

    fill(shelf, ("FP-C5", "FP-M3", "FP-X7"))

    assert questions(installation, client, address) == alone
    page = client.get("/downloads/").text
    assert "1.10.0" in page
    assert "FP-X7" in page


def test_all_products_at_once_hold_what_each_of_them_does(
    installation: Installation, shelf: Shelf
) -> None:
    shelf.publish("1.2.0")
    shelf.publish("1.9.0")
    shelf.withdraw("1.2.0")
    shelf.publish("1.10.0", channel="testing")
    fill(shelf, ("FP-C5",))

    with installation.database.reading() as session:
        at_once = releases.by_product(session)
        one_by_one = {
            product.id: releases.of_product(session, product.id)
            for product in products.every(session)
        }
        assert dict(at_once) == one_by_one
        assert [one.version for one in one_by_one[1]] == ["1.10.0", "1.9.0", "1.2.0"]
