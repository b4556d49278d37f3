"""S26: a browser shows staff a phone whose every word is an attack, and runs none of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from portal import first_start
from portal.installing import open_installation
from portal.settings import Settings
from tests.browser.conftest import log_in, opened
from tests.conftest import ADMIN_PASSWORD
from tests.provision import hostile_phone
from tests.provision.hostile_phone import MARK, PAGES, WORDS
from tests.served import Served, serving

pytestmark = [pytest.mark.browser, pytest.mark.prove, pytest.mark.timeout(300)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    settings = Settings(data_dir=tmp_path / "data", demo=False, admin_password=ADMIN_PASSWORD)
    place = open_installation(settings)
    first_start.ensure_admin(place, settings)
    hostile_phone.build(place, WORDS[0])
    place.database.dispose()
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as found:
        yield found


@pytest.fixture
def staff(chromium: Browser, served: Served) -> Iterator[Page]:
    with opened(chromium, served) as context:
        page = context.new_page()
        log_in(page)
        yield page


def test_proof_s26_no_word_of_a_phone_runs_in_a_browser(served: Served, staff: Page) -> None:
    told: list[str] = []
    staff.on("dialog", lambda dialog: told.append(dialog.message))
    staff.on("pageerror", lambda error: told.append(str(error)))
    # What the policy had to stop would be a hole in the page behind it.
    staff.on("console", lambda m: told.append(m.text) if "Content Security" in m.text else None)
    place = open_installation(Settings(data_dir=served.data_dir, demo=False))
    shown = 0
    for word in WORDS:
        hostile_phone.say(place, word)
        for address in PAGES:
            staff.goto(address)
            shown += MARK in staff.content()
            if staff.evaluate(f"window.{MARK}") is not None:
                told.append(f"{address}: {word[:60]} ran")
    place.database.dispose()
    print(f"S26: {len(WORDS)} hostile words on {len(PAGES)} pages in Chromium, 0 ran")  # noqa: T201
    assert told == []
    assert shown > len(WORDS)
