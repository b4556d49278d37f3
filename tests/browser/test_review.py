"""A release from upload to withdrawal by pages alone, where two people have to agree."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from firmware.images import build_image
from tests.browser.conftest import opened
from tests.served import Served, serving

pytestmark = pytest.mark.browser

PASSWORD = "a long enough password"
PEOPLE = ("anna", "boris", "vera")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "data", FLATPRO_DEMO="0", FLATPRO_SIGN_OFFS="2") as served:
        served.flatpro("product", "add", "FP-R9", "--name-ru", "Р9", "--name-en", "R9", "--hw", "A")
        for login in PEOPLE:
            served.flatpro("user", "add", login, "--role", "publisher", "--password", PASSWORD)
        yield served


@pytest.fixture
def windows(chromium: Browser, site: Served) -> Iterator[dict[str, Page]]:
    """A window of each person, logged in."""
    contexts: list[BrowserContext] = []
    found = {}
    for login in PEOPLE:
        context = opened(chromium, site)
        contexts.append(context)
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=login]", login)
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/staff/")
        found[login] = page
    yield found
    for context in contexts:
        context.close()


def test_people_publish_review_withdraw_and_verify_from_the_pages_alone(
    chromium: Browser, site: Served, windows: dict[str, Page], tmp_path: Path
) -> None:
    anna, boris, vera = (windows[login] for login in PEOPLE)
    image = build_image("FP-R9", "1.0.0", ["A"], b"r9" * 5000)
    file = tmp_path / "fp-r9-1.0.0.bin"
    file.write_bytes(image)
    anna.goto("/staff/releases/new?product=FP-R9")
    anna.fill("[name=version]", "1.0.0")
    anna.set_input_files("[name=file]", file)
    anna.fill("[name=notes_ru]", "Первый выпуск.")
    anna.fill("[name=notes_en]", "The first release.")
    anna.click("main button[type=submit]")
    expect(anna.get_by_role("heading", level=1)).to_contain_text("FP-R9 1.0.0")
    expect(anna.locator("main")).to_contain_text("согласовать его должен кто-то другой")
    reader = opened(chromium, site).new_page()
    reader.goto("/downloads/FP-R9/")
    expect(reader.locator("main")).not_to_contain_text("1.0.0")

    draft = anna.url
    for colleague in (boris, vera):
        colleague.goto(draft)
        colleague.get_by_role("button", name="Согласовать 1.0.0").click()
    vera.get_by_role("button", name="Опубликовать 1.0.0 сейчас").click()
    expect(vera.get_by_role("heading", level=1)).to_contain_text("FP-R9 1.0.0")

    vera.get_by_role("link", name="Перевести 1.0.0").click()
    promotion = vera.url
    for colleague in (boris, vera):
        colleague.goto(promotion)
        colleague.get_by_role("button", name="Согласовать 1.0.0").click()
    vera.goto(promotion)
    vera.get_by_role("button", name="Перевести 1.0.0").click()

    reader.goto("/downloads/FP-R9/")
    with reader.expect_download() as taken:
        reader.get_by_role("link", name="Скачать").first.click()
    body = Path(taken.value.path()).read_bytes()
    assert body == image
    expect(reader.locator(".checksum")).to_contain_text(hashlib.sha256(body).hexdigest())
    reader.click("summary:has-text('Как проверить файл')")
    expect(reader.locator("main")).to_contain_text("minisign -Vm SHA256SUMS")

    vera.goto("/staff/releases/FP-R9/1.0.0")
    vera.click("summary:has-text('Отозвать')")
    vera.fill("[name=reason]", "Греется.")
    vera.locator("main details button[type=submit]").click()
    reader.goto("/downloads/FP-R9/")
    expect(reader.locator("main")).to_contain_text("Греется.")
    reader.context.close()
