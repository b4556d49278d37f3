"""A partner claims a phone and staff approve it, each in a window, in both languages and widths."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in, opened
from tests.browser.test_looks import RULES, faults
from tests.served import Served, serving

pytestmark = pytest.mark.browser

PASSWORD = "a long enough password"
SERIAL, MAC = "FP2648B2K7Q2XM6", "02f1a7000001"
SERVER = "https://phones.partner.example:8443/a/rather/long/path/for/a/narrow/window/{mac}.cfg"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        served.flatpro("product", "add", "FP-B2", "--name-ru", "Б2", "--name-en", "B2", "--hw", "A")
        served.flatpro("device", "add", "--mac", MAC, "--serial", SERIAL, "--product", "FP-B2")
        yield served


@pytest.fixture
def partner(chromium: Browser, site: Served) -> Iterator[Page]:
    site.flatpro("organisation", "add", "Связист", "--kind", "partner")
    site.flatpro(
        *("user", "add", "pavel", "--role", "partner", "--organisation", "Связист"),
        *("--password", PASSWORD),
    )
    context = opened(chromium, site)
    page = context.new_page()
    page.goto("/login")
    page.fill("[name=login]", "pavel")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/my/")
    yield page
    context.close()


def looked_at(page: Page, address: str) -> list[str]:
    """What axe finds in each language and at each width once, and the ruler in all four."""
    found = []
    for width, prefix, rules in ((1440, "", RULES), (390, "/en", RULES), (390, "", None)):
        page.set_viewport_size({"width": width, "height": 900})
        found += faults(page, (address,), prefix, rules)
    page.set_viewport_size({"width": 1440, "height": 900})
    return found


def test_a_claim_goes_from_the_box_to_the_phone_by_the_pages_alone(
    chromium: Browser, site: Served, partner: Page
) -> None:
    staff = opened(chromium, site).new_page()
    log_in(staff)
    staff.goto("/staff/claims/")
    staff.fill("[name=units]", SERIAL)
    staff.get_by_role("button", name="Создать коды").click()
    code = staff.locator("main table code, main table .copyable").last.inner_text().split()[0]

    partner.goto("/my/")
    partner.get_by_role("link", name="Мой сервер").click()
    partner.fill("[name=unit]", SERIAL)
    partner.fill("[name=code]", "AAAA-BBBB-CCCC")
    partner.fill("[name=url]", SERVER)
    partner.get_by_role("button", name="Закрепить").click()
    expect(partner.get_by_role("alert")).to_contain_text("закрепить нельзя")
    assert partner.input_value("[name=unit]") == SERIAL
    partner.fill("[name=code]", code)
    partner.get_by_role("button", name="Закрепить").click()
    expect(partner.locator("main table")).to_contain_text("ждёт решения")

    staff.goto("/staff/")
    staff.get_by_role("link", name="Парк").click()
    staff.get_by_role("link", name="Заявки").click()
    assert looked_at(staff, "/staff/claims/") == []
    staff.goto("/staff/claims/")
    staff.select_option("[name=days]", "90")
    staff.get_by_role("button", name="Одобрить").click()
    expect(staff.locator("main")).to_contain_text("действует")
    assert looked_at(staff, "/staff/claims/") == []

    partner.reload()
    expect(partner.locator("main table")).to_contain_text("действует")
    assert looked_at(partner, "/my/claims/") == []
    staff.context.close()
