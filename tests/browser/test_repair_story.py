"""A repair from the fault to the report, in a browser, past the New Year's holidays.

The server lives on days of its own, so that its term may end on a holiday.
"""

import io
import subprocess
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from portal.installing import open_installation
from portal.settings import Settings
from tests.browser.conftest import log_in, opened
from tests.conftest import ADMIN_PASSWORD
from tests.served import Served, serving
from tests.support.register import stocked
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import a_picture

pytestmark = pytest.mark.browser

OTHER_DAY = Path(__file__).parent.parent / "other_day"
RECEIVED = "2026-12-17T15:00:00+03:00"
#: The first working day of the year, which is the last day of the term.
REPAIRED = "2027-01-11T10:00:00+03:00"


def on_the_day(folder: Path, instant: str) -> AbstractContextManager[Served]:
    return serving(
        folder, FLATPRO_DEMO="0", PYTHONPATH=str(OTHER_DAY), FLATPRO_TEST_INSTANT=instant
    )


def prepared(folder: Path) -> tuple[str, str]:
    """A phone handed over in March; its serial number and the last six of its MAC."""
    settings = Settings(data_dir=folder, admin_password=ADMIN_PASSWORD, demo=False)
    installation = open_installation(settings)
    register = stocked(installation.database)
    register.prove(register.first, date(2026, 3, 1))
    installation.database.dispose()
    return register.first, "0A0001"


def customer_finds_it_covered(page: Page, serial: str, ending: str) -> str:
    page.goto("/warranty")
    page.fill("[name=serial]", serial)
    page.fill("[name=mac_ending]", ending)
    page.click("main form button[type=submit]")
    # The browser does its little work first, which a busy machine makes long.
    expect(page.locator(".verdict")).to_contain_text("Гарантия действует по ", timeout=60_000)
    return page.locator(".verdict").inner_text()


def customer_files_the_act(page: Page) -> None:
    page.get_by_role("link", name="Сдать телефон в ремонт").click()
    page.select_option("[name=symptom_1]", "sound")
    page.fill("[name=fault_1]", "Нет звука в трубке, щёлкает")
    page.fill("[name=organisation]", "ООО «Ромашка»")
    page.fill("[name=contact]", "Анна Петрова")
    page.fill("[name=email]", "anna@romashka.example")
    page.fill("[name=return_address]", "Москва, ул. Строителей, д. 3")
    page.fill("[name=signed_by]", "Петрова А. А.")
    page.get_by_role("button", name="Подать акт").click()
    expect(page.locator("[role=alert]")).to_contain_text("Без согласия")
    expect(page.locator("[name=fault_1]")).to_have_value("Нет звука в трубке, щёлкает")
    page.check("[name=consent]")
    page.get_by_role("button", name="Подать акт").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ремонт RMA-26-0001")


def downloaded(page: Page, name: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).first.click()
    return Path(download.value.path()).read_bytes()


def code_of(act: bytes) -> str:
    """What a scanner reads from the printed act."""
    drawn = subprocess.run(
        ["pdftoppm", "-r", "150", "-png", "-"], input=act, capture_output=True, check=True
    )
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.stdout)))
    return str(code.text)


def staff_receive_and_decide(page: Page, code: str) -> str:
    log_in(page)
    page.goto("/staff/repairs/dock")
    page.fill("main [name=code]", code)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Принять").click()
    expect(page.locator("main")).to_contain_text("День 0 из 25")
    page.set_input_files(
        "[name=photos]", {"name": "a.png", "mimeType": "image/png", "buffer": a_picture()}
    )
    page.get_by_role("button", name="Добавить снимки").click()
    page.get_by_role("button", name="Вскрыть телефон и начать диагностику").click()
    page.fill("[name=evidence]", "Разъём трубки не держит контакт, следов вскрытия нет")
    page.select_option("[name=covered]", "yes")
    page.get_by_role("button", name="Принять решение").click()
    expect(page.locator("main")).to_contain_text("в ремонте")
    return page.url.partition("/staff/")[2]


def staff_repair_and_return(page: Page, address: str) -> bytes:
    log_in(page)
    page.goto(f"/staff/{address}")
    page.fill("[name=work]", "Заменён разъём трубки")
    page.fill("[name=parts]", "Разъём RJ9")
    page.check("[name=tested]")
    page.get_by_role("button", name="Неисправность устранена").click()
    expect(page.locator("main")).to_contain_text("срок остановлен")
    page.fill("[name=carrier]", "СДЭК")
    page.get_by_role("button", name="Отправить обратно").click()
    report = downloaded(page, "Отчёт о ремонте")
    page.get_by_role("button", name="Телефон вручён Пользователю").click()
    expect(page.locator("main")).to_contain_text("возвращён")
    return report


@pytest.mark.timeout(240)
def test_a_phone_is_repaired_past_the_holidays_within_its_term(
    chromium: Browser, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    serial, ending = prepared(folder)
    with on_the_day(folder, RECEIVED) as served:
        customer = opened(chromium, served).new_page()
        assert "01.03.2027" in customer_finds_it_covered(customer, serial, ending)
        customer_files_the_act(customer)
        act = downloaded(customer, "Акт в PDF")
        assert serial in pdf_text(act)
        followed = customer.url.partition("/repair/")[2]
        staff = opened(chromium, served).new_page()
        case = staff_receive_and_decide(staff, code_of(act))
        customer.reload()
        expect(customer.locator("main")).to_contain_text("не позже 11.01.2027")
        expect(customer.locator("main")).to_contain_text("14-й день, 31.12.2026, — выходной")
        expect(customer.locator("main")).to_contain_text("ремонт оплачивает ФЛАТ-ПРО")
    with on_the_day(folder, REPAIRED) as served:
        staff = opened(chromium, served).new_page()
        report = pdf_text(staff_repair_and_return(staff, case))
        customer = opened(chromium, served).new_page()
        customer.goto(f"/repair/{followed}")
        expect(customer.locator("main")).to_contain_text(
            "Неисправность устранена 11.01.2027, срок — 11.01.2027"
        )
        final = pdf_text(downloaded(customer, "Отчёт о ремонте"))
        assert "27.03.2027" in customer_finds_it_covered(customer, serial, ending), "W-7: 26 days"
    assert "17.12.2026" in report
    assert "Заменён разъём трубки" in report
    assert "Выдан Пользователю" in final
    assert final.count("11.01.2027") >= 2
