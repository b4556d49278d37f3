"""Every page: accessible, and nothing wider than the window, at both widths and languages."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import log_in, opened
from tests.served import Served

pytestmark = pytest.mark.browser

PUBLIC = ("/", "/downloads/", "/downloads/FP-B2/?from=1.6.0", "/docs/", "/docs/b2-manual/")
PUBLIC += (
    "/docs/search?q=%D1%81%D0%B5%D1%82%D1%8C",
    "/warranty",
    "/login",
    "/nothing",
    "/api/docs",
)
STAFF = ("/staff/", "/staff/devices/", "/staff/devices/02f1a7000001", "/staff/releases/")
STAFF += ("/staff/releases/FP-B2/2.4.1", "/staff/releases/FP-B2/2.3.0", "/staff/releases/new")
STAFF += ("/staff/releases/FP-B2/paths", "/staff/releases/statistics")
STAFF += ("/staff/documents/", "/staff/products/", "/staff/jobs", "/staff/users", "/staff/audit")
STAFF += ("/staff/keys/", "/staff/documents/b2-manual/", "/staff/documents/new")
STAFF += ("/staff/devices/new", "/staff/devices/02f1a7000001/preview")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def faults(page: Page, addresses: tuple[str, ...], prefix: str) -> list[str]:
    """What axe and a ruler find on these pages."""
    found = []
    for address in addresses:
        page.goto(prefix + address)
        width, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if width > window:
            found.append(f"{address} is {width} wide in a window of {window}")
        for violation in Axe().run(page, options=RULES).response["violations"]:
            node = violation["nodes"][0]["html"][:120]
            found.append(f"{address}: {violation['id']}: {node}")
    return found


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_page_is_accessible_and_fits_the_window(
    chromium: Browser, demo: Served, prefix: str, width: int
) -> None:
    context = opened(chromium, demo, viewport={"width": width, "height": 900})
    page = context.new_page()
    found = faults(page, PUBLIC, prefix)
    log_in(page)
    found += faults(page, STAFF, prefix)
    context.close()
    assert found == []


def test_the_dark_look_is_accessible_too(chromium: Browser, demo: Served) -> None:
    context = opened(chromium, demo, color_scheme="dark")
    page = context.new_page()
    found = faults(page, PUBLIC, "")
    log_in(page)
    found += faults(page, STAFF, "")
    context.close()
    assert found == []


def test_the_front_page_weighs_at_most_100_kb(chromium: Browser, demo: Served) -> None:
    context = opened(chromium, demo)
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    sizes: list[float] = []
    client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/", wait_until="networkidle")
    context.close()
    assert 0 < sum(sizes) <= 100_000
