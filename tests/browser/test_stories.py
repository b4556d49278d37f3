"""Whole stories in a browser: finding a download, reading a phone, publishing and withdrawing."""

import hashlib
import re
import zipfile
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware.images import build_image
from support.public_checks.puzzles import BITS, is_work
from tests.browser.conftest import opened
from tests.served import Served

pytestmark = pytest.mark.browser


def test_a_person_finds_downloads_and_can_check_the_current_firmware(page: Page) -> None:
    page.goto("/")
    page.fill("[type=search]", "b2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Flat Phone B2")
    expect(page.locator("#current")).to_have_text("2.4.1")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Скачать, 3")).click()
    digest = hashlib.sha256(Path(download.value.path()).read_bytes()).hexdigest()
    assert page.locator(".checksum code").inner_text() == digest


def test_the_documents_beside_the_firmware_are_those_that_fit_it(page: Page) -> None:
    page.goto("/downloads/FP-B2/")
    documents = page.locator("section", has=page.locator("#documents"))
    expect(documents).to_contain_text("Руководство по эксплуатации 2.4")
    expect(documents).not_to_contain_text("1.8")


def test_the_way_from_an_old_version_is_shown_step_by_step(page: Page) -> None:
    page.goto("/downloads/FP-B2/")
    page.fill("[name=from]", "1.6.0")
    page.click("text=Показать путь")
    expect(page.locator(".path .step")).to_have_text(["1.6.0", "1.8.3", "2.4.1"])


def test_what_is_new_since_the_last_visit_is_marked_in_the_browser_alone(page: Page) -> None:
    page.goto("/downloads/")
    expect(page.locator(".new-mark")).to_have_count(0)
    page.evaluate("localStorage.setItem('flatpro.visit', '2000-01-01T00:00:00Z')")
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.locator(".new-mark").first).to_have_text("Новое")
    assert page.context.cookies() == []
    page.fill("[type=search]", "b2")
    expect(page.locator(".product")).to_have_count(1)
    expect(page.locator(".new-mark")).to_have_count(1)


def test_the_language_is_switched_on_the_same_page(page: Page) -> None:
    page.goto("/downloads/FP-B2/")
    page.click("text=English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name="Older versions")).to_be_visible()
    page.click("text=Русский")
    expect(page.get_by_role("heading", name="Прежние версии")).to_be_visible()


def test_products_are_found_as_one_types(page: Page) -> None:
    page.goto("/downloads/")
    expect(page.locator(".product")).to_have_count(4)
    page.locator("main [type=search]").press_sequentially("x7")
    expect(page.locator(".product")).to_have_count(1)


def test_the_warranty_check_answers_for_a_serial_and_its_mac(page: Page, demo: Served) -> None:
    known = demo.flatpro_json("device", "list")[0]
    page.goto("/warranty")
    page.fill("[name=serial]", str(known["serial"]))
    page.fill("[name=mac_ending]", str(known["mac"])[-6:])
    with page.expect_request("**/warranty") as sent:
        page.click("main button[type=submit]")
    # The browser did the form's little work, with a hash of its own.
    form = {name: values[0] for name, values in parse_qs(sent.value.post_data or "").items()}
    assert is_work(form["puzzle"], f"{form['serial']}\n{form['mac_ending']}", form["answer"], BITS)
    expect(page.locator(".verdict")).to_contain_text("Гарантия действует по ")
    expect(page.locator("main")).not_to_contain_text("Северный ветер")


def test_everything_to_read_and_download_works_without_scripts(
    chromium: Browser, demo: Served
) -> None:
    context = opened(chromium, demo, java_script_enabled=False)
    page = context.new_page()
    page.goto("/downloads/?q=b2")
    page.click(".product a")
    with page.expect_download() as download:
        page.locator(".release a.btn-primary").click()
    assert Path(download.value.path()).stat().st_size > 1_000_000
    context.close()


def test_a_phones_story_is_told_with_its_cut_and_resumed_download(staff: Page) -> None:
    staff.goto("/staff/devices/")
    staff.click("text=02:f1:a7:00:00:01")
    story = staff.locator(".timeline").inner_text()
    for line in ("2.4.1", "1 400 000"):
        assert line in story.replace("\u00a0", " ").replace("\u202f", " ")
    staff.goto("/en/staff/devices/02f1a7000001")
    story = staff.locator(".timeline").inner_text()
    for line in ("cut at", "Resumed 2.4.1 from byte 1,400,000", "Came back with 2.4.1"):
        assert line in story


def test_a_phone_is_read_from_its_page_and_the_reading_stays(staff: Page) -> None:
    staff.goto("/en/staff/devices/02f1a7000003")
    staff.get_by_role("button", name="Read the phone").first.click()
    expect(staff.locator("main")).to_contain_text("SNMP", ignore_case=True)
    staff.goto("/en/staff/devices/02f1a7000003")
    expect(staff.locator(".timeline")).to_contain_text("SNMP", ignore_case=True)


def test_a_phone_is_diagnosed_in_one_click_and_its_bundle_is_taken_along(staff: Page) -> None:
    staff.goto("/staff/devices/02f1a700000b")
    staff.get_by_role("button", name="Диагностика").click()
    # The phone was plugged into a port at half duplex; the page follows the diagnosis by itself.
    finding = staff.locator(".finding", has_text="Порт в полудуплексе")
    expect(finding).to_contain_text("Включите автосогласование", timeout=60_000)
    expect(staff.locator(".finding", has_text="Плохая связь")).to_contain_text("потери 6,5 %")
    expect(staff.locator(".history svg")).to_be_visible()
    with staff.expect_download() as download:
        staff.get_by_role("button", name="Пакет диагностики").click()
    with zipfile.ZipFile(download.value.path()) as bundle:
        assert "findings.json" in bundle.namelist()
        assert b"half-duplex" in bundle.read("findings.json")


def test_a_network_is_swept_from_the_page_and_its_picture_shows_who_answered(staff: Page) -> None:
    staff.goto("/staff/sweeps/")
    staff.get_by_label("Сети").fill("127.0.77.0/28")
    staff.get_by_role("button", name="Начать обход").click()
    live = staff.locator("#followed")
    # The page follows the sweep by itself.
    expect(live).to_contain_text("Готово", timeout=90_000)
    expect(live).to_contain_text("Ответили: 12")
    expect(live.locator(".subnet svg rect")).to_have_count(256)
    row = live.locator("tr", has_text="127.0.77.11")
    expect(row).to_contain_text("FP-X7")
    row.get_by_role("link").click()
    expect(staff).to_have_url(re.compile("02f1a700000b"))


def test_the_ssh_key_of_a_phone_is_confirmed_by_a_person(staff: Page) -> None:
    staff.goto("/staff/devices/02f1a7000004")
    staff.get_by_role("button", name="Диагностика").click()
    expect(staff.get_by_text("ещё никто не подтвердил")).to_be_visible(timeout=60_000)
    staff.goto("/staff/devices/02f1a7000004")
    panel = staff.locator("section", has=staff.locator("#ssh-key"))
    panel.get_by_text("Подтвердить ключ").click()
    panel.get_by_role("button", name="Это ключ этого телефона").click()
    expect(staff.locator("section", has=staff.locator("#ssh-key"))).to_contain_text("подтверждён")


def test_the_warranty_page_of_a_phone_names_rules_and_papers(staff: Page) -> None:
    staff.goto("/staff/devices/02f1a7000001")
    staff.locator("main").get_by_role("link", name="Гарантия").click()
    for word in ("W-1", "W-2", "W-3", "УПД № 1001"):
        expect(staff.locator("main")).to_contain_text(word)


def test_a_release_is_published_promoted_and_withdrawn_from_the_pages(
    staff: Page, tmp_path: Path
) -> None:
    image = tmp_path / "fp-x7-1.3.0.bin"
    image.write_bytes(build_image("FP-X7", "1.3.0", ["A"], b"x7" * 5000))
    staff.goto("/staff/releases/new?product=FP-X7")
    staff.fill("[name=version]", "1.2.0")
    staff.set_input_files("[name=file]", image)
    staff.fill("[name=notes_ru]", "Громче звонок.")
    staff.click("main button[type=submit]")
    expect(staff.locator("[role=alert]")).to_contain_text("1.2.0")
    expect(staff.locator("[name=notes_ru]")).to_have_value("Громче звонок.")
    staff.fill("[name=version]", "1.3.0")
    staff.set_input_files("[name=file]", image)
    staff.click("main button[type=submit]")
    expect(staff.get_by_role("heading", level=1)).to_contain_text("FP-X7 1.3.0")
    staff.get_by_role("link", name="Перевести 1.3.0").click()
    expect(staff.get_by_role("heading", level=1)).to_contain_text("stable")
    staff.locator("main button[type=submit]").click()
    staff.goto("/downloads/FP-X7/")
    expect(staff.locator("#current")).to_have_text("1.3.0")
    expect(staff.locator("main")).to_contain_text("Громче звонок.")
    staff.goto("/staff/releases/FP-X7/1.3.0")
    staff.click("summary:has-text('Отозвать')")
    staff.fill("[name=reason]", "Звонок слишком громкий.")
    staff.keyboard.press("Escape")
    expect(staff.locator("[name=reason]")).to_be_hidden()
    staff.keyboard.press("Enter")
    expect(staff.locator("[name=reason]")).to_have_value("Звонок слишком громкий.")
    staff.locator("main details button[type=submit]").click()
    staff.goto("/downloads/FP-X7/")
    expect(staff.locator("#current")).to_have_text("1.2.0")
    expect(staff.locator("main")).to_contain_text("Звонок слишком громкий.")


def test_rows_and_search_are_reached_from_the_keyboard(staff: Page) -> None:
    staff.goto("/staff/devices/")
    staff.keyboard.press("/")
    assert staff.evaluate("document.activeElement.type") == "search"
    staff.keyboard.press("Escape")
    staff.keyboard.press("j")
    staff.keyboard.press("Enter")
    staff.wait_for_url("**/staff/devices/02f1a7*")
