"""The feeds tell what was published and what was withdrawn, in the language of the address."""

from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from portal.feeds.atom import NAMESPACE
from storage.installation import Installation
from tests.catalogue.vendor import Vendor
from tests.firmware.shelf import CODE, Shelf

ATOM = f"{{{NAMESPACE}}}"


@pytest.fixture
def shelf(installation: Installation) -> Shelf:
    made = Shelf(installation)
    made.add_product()
    made.publish("2.3", notes="Тише звонок")
    made.publish("2.4.1")
    made.withdraw("2.3", replacement="2.4.1")
    Vendor(installation).publish_document()
    return made


def entries(client: FlaskClient, address: str, **headers: str) -> dict[str, str]:
    """The summaries by title."""
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    root = ET.fromstring(answer.data)
    ids = [found.text for found in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))
    links = [link.get("href", "") for link in root.iter(f"{ATOM}link")]
    assert all(link.startswith("http://flatpro.test/") for link in links)
    return {
        str(entry.findtext(f"{ATOM}title")): str(entry.findtext(f"{ATOM}summary"))
        for entry in root.iter(f"{ATOM}entry")
    }


@pytest.mark.usefixtures("shelf")
def test_a_withdrawal_is_told_with_its_reason_and_what_to_take(client: FlaskClient) -> None:
    found = entries(client, f"/en/firmware/{CODE}/feed.atom")

    assert set(found) == {"Phone B2 2.4.1", "Phone B2 2.3 (withdrawn)", "Withdrawn: Phone B2 2.3"}
    assert "зависает" in found["Withdrawn: Phone B2 2.3"]
    assert "Take 2.4.1 instead." in found["Withdrawn: Phone B2 2.3"]
    assert "Тише звонок" in found["Phone B2 2.3 (withdrawn)"]


@pytest.mark.usefixtures("shelf")
def test_the_address_alone_says_the_language(client: FlaskClient) -> None:
    russian = entries(client, "/feed.atom", **{"Accept-Language": "en"})

    assert "Отозвано: Телефон B2 2.3" in russian
    assert "Руководство 1.0" in russian
    assert "Withdrawn: Phone B2 2.3" in entries(client, "/en/feed.atom")


def test_a_feed_is_sent_again_only_when_it_changed(client: FlaskClient, shelf: Shelf) -> None:
    first = client.get("/feed.atom")
    tag = first.headers["ETag"]
    assert tag.startswith('"sha256-')
    assert "max-age" in first.headers["Cache-Control"]
    assert client.get("/feed.atom", headers={"If-None-Match": tag}).status_code == 304

    shelf.publish("2.5")
    assert client.get("/feed.atom", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.usefixtures("shelf")
def test_pages_name_their_feeds(client: FlaskClient) -> None:
    page = client.get(f"/en/downloads/{CODE}/").get_data(as_text=True)

    assert 'href="/en/feed.atom"' in page
    assert f'href="/en/firmware/{CODE}/feed.atom"' in page
    assert client.get("/firmware/FP-NONE/feed.atom").status_code == 404


def test_a_feed_of_nothing_is_a_feed(client: FlaskClient) -> None:
    assert entries(client, "/feed.atom") == {}
