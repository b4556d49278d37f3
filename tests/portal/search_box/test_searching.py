"""The front page's box finds what its hint names: products, versions, documents, serials."""

import re

import pytest
from flask.testing import FlaskClient

from catalogue import products
from portal.search_box import searching
from storage.clock import now
from storage.installation import Installation
from tests.firmware.shelf import CODE, Shelf


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def shelf(installation: Installation) -> Shelf:
    made = Shelf(installation)
    made.add_product()
    for version in ("1.8", "2.3.1", "2.4.1"):
        made.publish(version)
    made.publish("2.5-rc1", channel="testing")
    return made


def led_to(client: FlaskClient, typed: str) -> str:
    answer = client.get("/en/search", query_string={"q": typed})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return answer.location


def listed(client: FlaskClient, typed: str) -> list[str]:
    answer = client.get("/en/search", query_string={"q": typed})
    assert answer.status_code == 200
    return re.findall(r'data-label="Version">([^<]+)<', answer.get_data(as_text=True))


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    "typed", ["2.3.1", "v2.3.1", "2.3.1.0", "FP-B2 2.3.1", "2.3.1 b2", "прошивка 2.3.1"]
)
def test_a_version_leads_to_its_line_on_the_products_page(client: FlaskClient, typed: str) -> None:
    place = led_to(client, typed)
    assert place == f"/en/downloads/{CODE}/#version-2.3.1"
    assert 'id="version-2.3.1"' in client.get(place).get_data(as_text=True)


def test_the_current_and_a_withdrawn_version_are_found(client: FlaskClient, shelf: Shelf) -> None:
    shelf.withdraw("2.3.1", replacement="2.4.1")
    for version in ("2.4.1", "2.3.1"):
        place = led_to(client, version)
        assert f'id="version-{version}"' in client.get(place).get_data(as_text=True)


def test_the_beginning_of_a_version_lists_all_that_begin_so(
    client: FlaskClient, shelf: Shelf
) -> None:
    shelf.publish("2.4.2")
    assert listed(client, "2.4") == ["2.4.2", "2.4.1"]
    assert led_to(client, "2.3") == f"/en/downloads/{CODE}/#version-2.3.1"


def test_one_version_of_two_products_is_listed(
    client: FlaskClient, shelf: Shelf, installation: Installation
) -> None:
    other = products.NewProduct("FP-C5", "Телефон C5", "Phone C5", ("A",))
    with installation.database.writing() as session:
        products.add(session, other, actor="test", now=now())
    shelf.publish("2.3.1", hardware="A", product="FP-C5")
    assert listed(client, "2.3.1") == ["2.3.1", "2.3.1"]
    assert led_to(client, "c5 2.3.1") == "/en/downloads/FP-C5/#version-2.3.1"


@pytest.mark.usefixtures("shelf")
def test_what_is_being_tried_out_is_listed_and_called_so(client: FlaskClient) -> None:
    page = client.get("/en/search?q=2.5-rc1").get_data(as_text=True)
    assert "Being tried out" in page


@pytest.mark.usefixtures("shelf")
def test_a_product_without_that_version_says_so(client: FlaskClient) -> None:
    page = client.get("/en/search?q=FP-B2+9.9.9").get_data(as_text=True)
    assert "No published release fits “FP-B2 9.9.9”" in page


@pytest.mark.usefixtures("shelf")
def test_a_number_that_is_no_release_is_looked_for_in_documents(client: FlaskClient) -> None:
    assert led_to(client, "9.9.9") == "/en/docs/?q=9.9.9"
    assert led_to(client, "802.1x") == "/en/docs/?q=802.1x"
    assert led_to(client, "1.8 2.3.1").startswith("/en/docs/")


@pytest.mark.usefixtures("shelf")
def test_products_and_serials_are_found_as_before(client: FlaskClient) -> None:
    assert led_to(client, "b2") == f"/en/downloads/{CODE}/"
    assert led_to(client, "fpb2000001") == "/en/warranty?serial=fpb2000001"


def test_two_versions_are_none() -> None:
    assert searching.understood("2.4 2.5").version is None
