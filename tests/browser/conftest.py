"""A real Chromium over the running demo."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import ADMIN_PASSWORD
from tests.served import Served

# A page is waited for as long as a busy machine needs for it.
expect.set_options(timeout=30_000)
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Its event loop runs in this thread for as long as it is there; no other file may meet it.
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def opened(chromium: Browser, demo: Served, **options: Any) -> BrowserContext:
    """A fresh browser window of a Russian reader."""
    return chromium.new_context(base_url=demo.public, **{"locale": "ru-RU", **options})


@pytest.fixture
def page(chromium: Browser, demo: Served) -> Iterator[Page]:
    """A page whose script errors and refused resources fail the test."""
    context = opened(chromium, demo)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    expected = ("status of 422", "status of 404", "status of 409")
    assert [fault for fault in faults if not any(word in fault for word in expected)] == []


@pytest.fixture
def staff(page: Page) -> Page:
    log_in(page)
    return page


def log_in(page: Page) -> None:
    page.goto("/login")
    page.fill("[name=login]", "admin")
    page.fill("[name=password]", ADMIN_PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/staff/")
