"""The pages of upgrade paths: the picture and the same in words, marks and shares by form."""

from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from tests.browserless import post
from tests.firmware.shelf import CODE, Shelf

PATHS = f"/staff/releases/{CODE}/paths"


@pytest.fixture
def stocked(shelf: Shelf) -> Shelf:
    shelf.publish("1.8")
    shelf.publish("2.0", min_from="1.5")
    return shelf


def picture(page: str) -> ET.Element:
    figure = page[page.index('class="graph"') :]
    return ET.fromstring(figure[figure.index("<svg") : figure.index("</svg>") + len("</svg>")])


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("address", [f"/en/downloads/{CODE}/", f"/en{PATHS}"])
def test_the_graph_is_drawn_and_said_in_words(staff: FlaskClient, address: str) -> None:
    page = staff.get(address).get_data(as_text=True)
    drawn = picture(page)
    assert drawn.get("role") == "img"
    ids = {element.get("id") for element in drawn.iter()}
    assert set(str(drawn.get("aria-labelledby")).split()) <= ids
    names = ["".join(text.itertext()).strip() for text in drawn.iter("text")]
    assert {"1.8", "2.0", "latest"} <= set(names)
    assert "then 2.0" in page
    assert "style=" not in page


@pytest.mark.usefixtures("stocked")
def test_a_version_is_marked_and_unmarked_by_form(staff: FlaskClient) -> None:
    form: dict[str, object] = {"version": "1.6", "kind": "broken", "reason": "зависает"}
    assert post(staff, PATHS, form).status_code == 302
    assert "зависает" in staff.get(PATHS).get_data(as_text=True)
    assert post(staff, f"{PATHS}/remove", form, PATHS).status_code == 302
    assert "зависает" not in staff.get(PATHS).get_data(as_text=True)


@pytest.mark.usefixtures("stocked")
def test_what_was_typed_stays_when_a_mark_is_refused(staff: FlaskClient) -> None:
    answer = post(staff, PATHS, {"version": "1.6x", "kind": "broken", "reason": "зависает"})
    assert answer.status_code == 422
    assert "1.6x" in answer.get_data(as_text=True)
    assert "зависает" in answer.get_data(as_text=True)


def test_a_share_is_set_by_form_and_said_to_everyone(staff: FlaskClient, stocked: Shelf) -> None:
    page = f"/staff/releases/{CODE}/2.0"
    assert post(staff, f"{page}/share", {"percent": "12,5"}, page).status_code == 302
    assert "12.5" in staff.get(f"/downloads/{CODE}/").get_data(as_text=True)
    assert stocked.manifest().releases[0].rollout.percent == 12.5
    post(staff, f"{page}/share", {"percent": "lots"}, page)
    assert stocked.manifest().releases[0].rollout.percent == 12.5
