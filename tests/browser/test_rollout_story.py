"""An engineer's morning in English: settings of all phones and of one, then a rollout."""

import re
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.installing import open_installation
from portal.settings import Settings
from provision import credentials
from tests.browser.conftest import log_in, opened
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import NOW
from tests.served import Served, serving

pytestmark = pytest.mark.browser

FIRST, SECOND = "02f1a7000031", "02f1a7000032"
OLD, NEW = "2.3.1", "2.4.1"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    """Two phones on an old version, their tokens, and a newer release."""
    folder = tmp_path_factory.mktemp("rollouts") / "data"
    settings = Settings(data_dir=folder, admin_password=ADMIN_PASSWORD, demo=False)
    installation = open_installation(settings)
    tokens = {}
    with installation.database.writing() as session:
        estates.catalogue(session)
        for mac in (FIRST, SECOND):
            phone = estates.add_phone(session, mac, serial=None)
            tokens[mac] = credentials.issue_token(session, phone, actor="test", now=NOW)
    estates.publish(installation, NEW, size=600)
    installation.database.dispose()
    with serving(folder, FLATPRO_DEMO="0") as served:
        for mac, token in tokens.items():
            calls(served, token, mac, OLD)
        yield served, tokens


def calls(served: Served, token: str, mac: str, firmware: str) -> str:
    """A phone fetches its configuration; what it is told."""
    agent = f"FlatPhone/{firmware} (FP-B2; hw A; mac {mac})"
    address = f"{served.phones}/p/{token}/{mac}.cfg"
    asked = urllib.request.Request(address, headers={"User-Agent": agent})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return str(answer.read().decode())


@pytest.fixture
def engineer(chromium: Browser, shop: tuple[Served, dict[str, str]]) -> Iterator[Page]:
    context = opened(chromium, shop[0], locale="en-GB")
    page = context.new_page()
    log_in(page)
    yield page
    context.close()


def test_a_setting_of_all_phones_is_corrected_saved_and_undone(
    engineer: Page, shop: tuple[Served, dict[str, str]]
) -> None:
    served, tokens = shop
    page = engineer
    page.goto("/en/staff/profiles/")
    page.get_by_role("link", name="Settings of all phones").first.click()
    page.get_by_label("Voice VLAN").fill("5000")
    page.get_by_role("button", name="Save the settings").click()
    expect(page.locator("#network\\.vlan-error")).to_contain_text("a whole number from 1 to 4094")
    expect(page.get_by_label("Voice VLAN")).to_have_value("5000")
    page.get_by_label("Voice VLAN").fill("42")
    page.get_by_role("button", name="Save the settings").click()
    expect(page.locator("main")).to_contain_text("network.vlan: — → 42")
    assert 'vlan = "42"' in calls(served, tokens[FIRST], FIRST, OLD)
    page.goto(f"/en/staff/profiles/device/{FIRST}")
    expect(page.locator("main")).to_contain_text("Without it: 42 (everywhere)")
    page.get_by_label("Voice VLAN").fill("43")
    page.get_by_role("button", name="Save the settings").click()
    page.get_by_role("link", name="What it would get").click()
    expect(page.locator("main")).to_contain_text('vlan = "43"')
    page.goto(f"/en/staff/profiles/device/{FIRST}")
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator("main")).to_contain_text("The change was undone.")
    assert 'vlan = "42"' in calls(served, tokens[FIRST], FIRST, OLD)


def test_a_name_for_which_the_phones_file_has_no_place_is_explained(engineer: Page) -> None:
    engineer.goto("/en/staff/profiles/global/-")
    engineer.get_by_text("Another setting").click()
    engineer.get_by_label("Name", exact=True).fill("screen.saver.delay")
    engineer.get_by_label("Value", exact=True).fill("5")
    engineer.get_by_role("button", name="Save the settings").click()
    expect(engineer.locator("#new_name-error")).to_contain_text("has no place for a longer one")
    expect(engineer.get_by_label("Name", exact=True)).to_have_value("screen.saver.delay")


def test_a_rollout_is_looked_at_made_begun_watched_and_ended(
    engineer: Page, shop: tuple[Served, dict[str, str]]
) -> None:
    served, tokens = shop
    page = engineer
    page.goto("/en/staff/rollouts/new")
    page.get_by_label("Release").select_option(f"FP-B2 {NEW}")
    page.get_by_label("Groups, one to a line").fill(FIRST)
    page.get_by_role("button", name="Show who is in").click()
    expect(page.get_by_role("heading", name="2 phones would be in")).to_be_visible()
    page.get_by_role("button", name="Make the rollout").click()
    expect(page.locator("main")).to_contain_text("Nothing is offered until somebody begins it.")
    page.get_by_role("button", name="Begin with the first group").click()
    expect(page.locator("tr", has_text="02:f1:a7:00:00:31").last).to_contain_text("offered")
    assert f'version = "{NEW}"' in calls(served, tokens[FIRST], FIRST, OLD)
    assert "[firmware]" not in calls(served, tokens[SECOND], SECOND, OLD)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("main")).to_contain_text("On pause")
    page.get_by_role("button", name="Go on").click()
    calls(served, tokens[FIRST], FIRST, NEW)
    # The rollout takes its turns by itself, and the page follows it.
    row = page.locator("tr", has_text="02:f1:a7:00:00:31").last
    expect(row).to_contain_text("succeeded", timeout=45_000)
    page.get_by_text("Abort…").click()
    page.get_by_role("button", name="Abort the rollout").click()
    expect(page.locator("main")).to_contain_text("only by another rollout")
    page.goto(f"/en/staff/devices/{FIRST}")
    part = page.locator("section", has=page.locator("#updates"))
    expect(part).to_contain_text(re.compile(r"Rollout No\. 1\s+2\.4\.1"))
