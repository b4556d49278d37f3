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
    "/support/new",
    "/contacts",
    "/privacy",
    "/repair/new",
    "/warranty/certificate",
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
STAFF += ("/staff/releases/FP-B2/paths", "/staff/releases/statistics", "/staff/software/")
STAFF += ("/staff/storage/", "/staff/mirror/", "/staff/products/FP-B2", "/staff/certificates/")
STAFF += ("/staff/requests/", "/staff/requests/1", "/staff/requests/new", "/staff/calendar/")
STAFF += ("/staff/letters/", "/staff/personal-data/", "/staff/personal-data/due")
STAFF += ("/staff/ready-answers/", "/staff/ready-answers/1", "/staff/certificate-prices/")
STAFF += ("/staff/claims/", "/staff/reports/", "/staff/reports/repairs?by=lot")
STAFF += ("/staff/reports/repairs/list", "/staff/reports/requests", "/staff/reports/requests/list")
STAFF += ("/staff/repairs/", "/staff/repairs/1", "/staff/repairs/2", "/staff/repairs/3")
STAFF += ("/staff/repairs/dock?code=RMA", "/staff/loaners/", "/staff/certificate-orders/")
STAFF += ("/staff/service-centres/", "/staff/service-centres/new", "/staff/supply-contracts/")
STAFF += ("/staff/supply-contracts/new", "/staff/supply-contracts/1")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def faults(
    page: Page, addresses: tuple[str, ...], prefix: str, rules: dict[str, object] | None
) -> list[str]:
    """What a ruler finds on these pages, and axe by these rules."""
    found = []
    for address in addresses:
        page.goto(prefix + address)
        width, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if width > window:
            found.append(f"{address} is {width} wide in a window of {window}")
        if rules is None:
            continue
        for violation in Axe().run(page, options=rules).response["violations"]:
            node = violation["nodes"][0]["html"][:120]
            found.append(f"{address}: {violation['id']}: {node}")
    return found


@pytest.mark.parametrize(
    ("prefix", "width", "rules"),
    # axe looks once in each language and at each width; the ruler sees all four.
    [("", 1440, RULES), ("/en", 390, RULES), ("", 390, None), ("/en", 1440, None)],
)
def test_every_page_is_accessible_and_fits_the_window(
    chromium: Browser, demo: Served, prefix: str, width: int, rules: dict[str, object] | None
) -> None:
    context = opened(chromium, demo, viewport={"width": width, "height": 900})
    page = context.new_page()
    found = faults(page, PUBLIC, prefix, rules)
    log_in(page)
    found += faults(page, STAFF, prefix, rules)
    context.close()
    assert found == []


def test_the_dark_look_is_readable_too(chromium: Browser, demo: Served) -> None:
    context = opened(chromium, demo, color_scheme="dark")
    page = context.new_page()
    found = faults(page, PUBLIC, "", CONTRAST)
    log_in(page)
    found += faults(page, STAFF, "", CONTRAST)
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
