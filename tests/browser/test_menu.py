"""The menu of a narrow screen: one calm line, opened by hand or by keys, with no script needed."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in, opened
from tests.served import Served

pytestmark = pytest.mark.browser

NARROW = {"viewport": {"width": 390, "height": 844}}
#: What stands above a page's own words may take this part of the window.
SHARE = 0.08


def share_above(page: Page) -> float:
    top: float = page.evaluate("document.querySelector('main').getBoundingClientRect().top")
    return top / 844


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_navigation_leaves_the_screen_to_the_page(
    chromium: Browser, demo: Served, prefix: str
) -> None:
    context = opened(chromium, demo, **NARROW)
    page = context.new_page()
    shares = {}
    for address in ("/", "/downloads/FP-B2/", "/support/new"):
        page.goto(prefix + address)
        shares[address] = share_above(page)
    log_in(page)
    for address in ("/staff/", "/staff/devices/", "/staff/service-centres/", "/staff/audit"):
        page.goto(prefix + address)
        shares[address] = share_above(page)
        here = page.locator(".staff-places [aria-current]").last.text_content()
        expect(page.locator(".site-menu .here")).to_have_text(here or "")
    context.close()
    assert max(shares.values()) <= SHARE, shares


def test_the_menu_works_by_keys_and_without_a_script(chromium: Browser, demo: Served) -> None:
    context = opened(chromium, demo, java_script_enabled=False, **NARROW)
    page = context.new_page()
    page.goto("/warranty")
    summary = page.locator(".site-menu summary")
    expect(summary).to_have_accessible_name("Меню: Гарантия")
    link = page.locator(".site-menu").get_by_role("link", name="Загрузки")
    expect(link).to_be_hidden()
    # The jump to the content, the mark, the menu: nothing hidden is stepped on.
    for _step in range(3):
        page.keyboard.press("Tab")
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(page.locator(".site-menu [aria-current=page]")).to_have_text("Гарантия")
    page.keyboard.press("Enter")
    page.wait_for_url("**/downloads/")
    context.close()


def test_the_menu_goes_away_when_it_is_left(chromium: Browser, demo: Served) -> None:
    context = opened(chromium, demo, **NARROW)
    page = context.new_page()
    page.goto("/downloads/")
    summary, link = page.locator(".site-menu summary"), page.locator(".site-menu nav a").first
    summary.click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    page.mouse.click(195, 800)
    expect(link).to_be_hidden()
    context.close()
