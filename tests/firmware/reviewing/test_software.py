import io
import json
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalogue.tuf import layout
from tests.browserless import form_token
from tests.firmware.reviewing.review import CODE, LogIn, Vendor, press

PAGE = "/en/staff/software/"
NAME = "Настройка B2 1.exe"
BODY = b"MZ a tool" * 500
ADDRESS = f"/software/{CODE}/1.2.0/{NAME}"


def hand_in(client: FlaskClient, name: str = NAME, **typed: str) -> TestResponse:
    form: dict[str, Any] = {
        "product": CODE,
        "version": "1.2.0",
        "title_ru": "Настройка",
        "title_en": "Set-up tool",
        **typed,
        "file": (io.BytesIO(BODY), name),
        "csrf_token": form_token(client, PAGE),
    }
    answer = client.post(PAGE, data=form)
    answer.request.environ["wsgi.input"].close()
    return answer


def listed(vendor: Vendor) -> list[dict[str, object]]:
    index = json.loads(vendor.app.test_client().get("/manifest.json").data)["products"]
    (found,) = [product["software"] for product in index if product["product"] == CODE]
    programs: list[dict[str, object]] = found
    return programs


def test_a_tool_is_reviewed_listed_and_withdrawn(vendor: Vendor, log_in: LogIn) -> None:
    before, anyone = vendor.seen(), vendor.app.test_client()
    assert hand_in(log_in("anna")).status_code == 302
    assert vendor.seen() == before
    assert anyone.get(ADDRESS).status_code == 404
    for login in ("boris", "vera"):
        assert press(log_in(login), PAGE, "/sign-off").status_code == 302
    assert press(log_in("vera"), PAGE, "/publish").status_code == 302
    (entry,) = listed(vendor)
    assert (entry["url"], entry["size"]) == (quote(ADDRESS), len(BODY))
    assert anyone.get(ADDRESS, buffered=True).data == BODY
    page = anyone.get(f"/en/downloads/{CODE}/").get_data(as_text=True)
    assert "Set-up tool 1.2.0" in page
    assert str(entry["sha256"]) in page
    assert b"software/" in anyone.get("/PULP_MANIFEST").data
    for path in (f"/firmware/{CODE}/manifest.json", f"/firmware/{CODE}/testing/manifest.json"):
        assert json.loads(anyone.get(path).data) == json.loads(before[path])
    assert press(log_in("anna"), PAGE, "/withdraw", reason="Harms").status_code == 302
    assert listed(vendor) == []
    assert anyone.get(ADDRESS).status_code == 410
    assert "Harms" in anyone.get(f"/en/downloads/{CODE}/").get_data(as_text=True)
    assert anyone.get(f"/blob/sha256/{entry['sha256']}", buffered=True).data == BODY


def test_mirrors_find_it_under_a_role_of_its_own(vendor: Vendor, log_in: LogIn) -> None:
    hand_in(log_in("anna"))
    for login in ("boris", "vera"):
        press(log_in(login), PAGE, "/sign-off")
    press(log_in("vera"), PAGE, "/publish")
    anyone = vendor.app.test_client()
    timestamp = json.loads(anyone.get("/metadata/timestamp.json").data)["signed"]["meta"]
    number = timestamp["snapshot.json"]["version"]
    snapshot = json.loads(anyone.get(f"/metadata/{number}.snapshot.json").data)["signed"]["meta"]
    number = snapshot[f"sw-{CODE}.json"]["version"]
    lists = json.loads(anyone.get(f"/metadata/{number}.sw-{CODE}.json").data)["signed"]
    assert list(lists["targets"]) == [f"sw/{CODE}/1.2.0/{NAME}"]


def test_a_path_of_software_has_its_role_and_address() -> None:
    path = "sw/FP-B2/1.2.0/tool.exe"
    assert layout.role_of(path) == "sw-FP-B2"
    assert layout.patterns_of("sw-FP-B2") == ["sw/FP-B2/*/*"]
    assert layout.patterns_of("fw-FP-B2") == ["fw/FP-B2/*/*"]
    assert layout.public_address(path) == "/software/FP-B2/1.2.0/tool.exe"
    assert layout.purpose_of(layout.Place(layout.View.BOTH, "sw-FP-B2")) == "firmware"


def test_the_uploader_alone_publishes_nothing(vendor: Vendor, log_in: LogIn) -> None:
    anna = log_in("anna")
    hand_in(anna)
    form = {"csrf_token": form_token(anna, PAGE)}
    for action in ("sign-off", "publish"):
        answer = anna.post(f"{PAGE}{CODE}/1.2.0/{quote(NAME)}/{action}", data=form)
        assert answer.status_code == 409, action
    assert listed(vendor) == []


def test_a_discarded_draft_leaves_its_name_free(vendor: Vendor, log_in: LogIn) -> None:
    anna = log_in("anna")
    hand_in(anna)
    assert hand_in(anna).status_code == 422
    assert press(anna, PAGE, "/withdraw").status_code == 302
    assert hand_in(anna).status_code == 302
    assert listed(vendor) == []


@pytest.mark.parametrize("required", [0])
def test_a_small_site_publishes_at_once(vendor: Vendor, log_in: LogIn, required: int) -> None:
    assert required == 0
    hand_in(log_in("anna"))
    assert [entry["version"] for entry in listed(vendor)] == ["1.2.0"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("a\x01b.exe", {}),
        (".hidden", {}),
        ("tool.exe", {"version": "x"}),
        ("tool.exe", {"product": "FP-NONE"}),
        ("tool.exe", {"title_en": " "}),
        ("tool.exe", {"title_ru": "а" * 121}),
    ],
)
def test_bad_input_is_refused(
    vendor: Vendor, log_in: LogIn, name: str, typed: dict[str, str]
) -> None:
    before = vendor.seen()
    assert hand_in(log_in("anna"), name, **typed).status_code == 422
    assert vendor.seen() == before
