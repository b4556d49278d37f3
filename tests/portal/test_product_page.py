"""The product's page answers «I have version …» for each hardware revision."""

import re

import pytest
from flask.testing import FlaskClient

from storage.installation import Installation
from tests.firmware.shelf import CODE, Shelf


@pytest.fixture
def shelf(installation: Installation) -> Shelf:
    made = Shelf(installation)
    made.add_product()
    made.publish("1.8")
    made.publish("2.4", min_from="1.5")
    return made


def steps(client: FlaskClient, running: str) -> list[list[str]]:
    page = client.get(f"/en/downloads/{CODE}/?from={running}").get_data(as_text=True)
    ways = re.findall(r'<ol class="path".*?</ol>', page, re.DOTALL)
    return [re.findall(r'<span class="step">([^<]+)</span>', way) for way in ways]


@pytest.mark.usefixtures("shelf")
def test_revisions_with_one_way_are_told_it_once(client: FlaskClient) -> None:
    assert steps(client, "1.2") == [["1.2", "1.8", "2.4"]]


def test_revisions_with_ways_of_their_own_are_told_apart(client: FlaskClient, shelf: Shelf) -> None:
    shelf.publish("2.5", hardware="B")
    assert steps(client, "1.6") == [["1.6", "2.4"], ["1.6", "2.5"]]


def test_a_broken_release_is_no_current_one_and_says_why(client: FlaskClient, shelf: Shelf) -> None:
    shelf.publish("2.5")
    shelf.mark("2.5", "broken", reason="теряет регистрацию")
    page = client.get(f"/en/downloads/{CODE}/").get_data(as_text=True)
    assert re.search(r'id="current">([^<]+)<', page).group(1) == "2.4"  # type: ignore[union-attr]
    assert "теряет регистрацию" in page
