import json

import pytest

from tests.firmware.reviewing.review import CODE, LogIn, Vendor, press

PAGE = f"/en/staff/releases/{CODE}/1.0.0"
REASON = "Loses its registration"


def entry(vendor: Vendor, version: str) -> dict[str, object]:
    """The release as the signed list of all releases names it."""
    body = vendor.app.test_client().get(f"/firmware/{CODE}/manifest.json").data
    found: dict[str, object] = next(
        release for release in json.loads(body)["releases"] if release["version"] == version
    )
    return found


def test_a_withdrawal_tells_everyone_why_and_what_to_take(vendor: Vendor, log_in: LogIn) -> None:
    vendor.publish("1.1.0", "testing")
    assert entry(vendor, "1.0.0")["withdrawn_reason"] == ""
    anna, anyone = log_in("anna"), vendor.app.test_client()
    assert press(anna, PAGE, "/withdraw", reason=REASON, replacement="1.1.0").status_code == 302
    told = entry(vendor, "1.0.0")
    assert (told["status"], told["withdrawn_reason"], told["replacement"]) == (
        *("withdrawn", REASON, "1.1.0"),
    )
    assert entry(vendor, "1.1.0")["withdrawn_reason"] == ""
    index = json.loads(anyone.get("/manifest.json").data)["products"]
    (product,) = [found for found in index if found["product"] == CODE]
    assert product["withdrawn"] == [{"version": "1.0.0", "reason": REASON, "replacement": "1.1.0"}]
    for client, page in (
        (anyone, f"/en/downloads/{CODE}/"),
        (anna, "/en/staff/releases/"),
        (anna, PAGE),
    ):
        shown = client.get(page).get_data(as_text=True)
        assert REASON in shown, page
        assert "1.1.0 instead" in shown, page
        assert f"{REASON} Take" not in shown, "two thoughts do not run into each other"
    sha256 = vendor.rows()[0].artifact.sha256
    assert anyone.get(f"/blob/sha256/{sha256}", buffered=True).status_code == 200
    assert anyone.get(f"/firmware/{CODE}/1.0.0/b2-1.0.0.bin").status_code == 410


def test_a_withdrawn_release_of_testing_is_told_of_on_the_product_page(
    vendor: Vendor, log_in: LogIn
) -> None:
    vendor.publish("1.1.0", "testing")
    press(log_in("anna"), PAGE.replace("1.0.0", "1.1.0"), "/withdraw", reason=REASON)
    assert REASON in vendor.app.test_client().get(f"/downloads/{CODE}/").get_data(as_text=True)


@pytest.mark.parametrize(
    ("reason", "replacement"), [(" ", ""), (REASON, "1.0.0"), (REASON, "9.9.9"), (REASON, "x")]
)
def test_a_withdrawal_without_sense_changes_nothing(
    vendor: Vendor, log_in: LogIn, reason: str, replacement: str
) -> None:
    before = vendor.seen()
    answer = press(log_in("anna"), PAGE, "/withdraw", reason=reason, replacement=replacement)
    assert answer.status_code in {404, 422}
    assert vendor.seen() == before


def test_a_withdrawn_release_is_not_promoted(vendor: Vendor, log_in: LogIn) -> None:
    vendor.publish("1.1.0", "testing")
    anna = log_in("anna")
    page = PAGE.replace("1.0.0", "1.1.0")
    press(anna, page, "/withdraw", reason=REASON)
    assert "promote" not in anna.get(page).get_data(as_text=True)
