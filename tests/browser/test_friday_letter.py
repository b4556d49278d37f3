"""A letter on Friday evening, package STANDARD: paused, answered, resolved in time.

Over real mail (IMAP in, SMTP out) and in a real browser; only the clock on the wall is the test's.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from accounts import users
from accounts.models import Role
from accounts.users import NewUser
from portal import health
from portal.app import create_app
from portal.settings import Settings
from storage import clock
from storage.installation import Installation
from support.agreements import agreements
from support.agreements.agreements import NewAgreement
from support.calendars import keeping
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.packages.own import packages_of
from support.packages.package import Promise
from support.requests import escalating, mail_fetching, records
from support.sla.clocks import Standing
from support.sla.log import State
from tests.dovecot import Dovecot, running
from tests.ports import free_port
from tests.support.mailroom.letters_sent import letter
from tests.support.mailroom.post_office import PostOffice, Taken, opened
from tests.support.register import CUSTOMER, stocked

pytestmark = pytest.mark.browser

PASSWORD = "tests-Only-1234567"


@pytest.fixture
def backend() -> str:
    return "sqlite"


class Wall:
    """The clock on the wall: Moscow's, as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wall = self
        self.at = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)

        class Instants(datetime):
            @classmethod
            def now(cls, _zone: object = None) -> datetime:  # type: ignore[override]
                return wall.at

        monkeypatch.setattr(clock, "datetime", Instants)

    def set(self, text: str) -> None:
        self.at = datetime.fromisoformat(text).replace(tzinfo=clock.MOSCOW).astimezone(UTC)


@dataclass
class Office:
    """The product with its mail: `post` lets letters come in and go out."""

    installation: Installation
    mailbox: Dovecot
    post_office: PostOffice
    wall: Wall
    address: str

    def post(self) -> None:
        mail_fetching.fetch(self.installation, self.wall.at)
        options = self.installation.option(MailOptions)
        outbox.send_due(self.installation.database, options, self.wall.at)

    def arrives(self, message: EmailMessage) -> None:
        self.mailbox.deliver(message.as_bytes())
        self.post()

    @property
    def last(self) -> Taken:
        return self.post_office.taken[-1]

    def state(self) -> State:
        with self.installation.database.reading() as session:
            return State(records.get(session, 1).state)


@pytest.fixture
def office(
    installation: Installation, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    wall = Wall(monkeypatch)
    port = free_port()
    post_office, controller = opened()
    with TemporaryDirectory(prefix="fp-imap-") as folder, running(Path(folder) / "d") as mailbox:
        mail = replace(post_office.options, incoming=mailbox.server)
        found = replace(
            installation,
            public_url=f"http://127.0.0.1:{port}",
            options={**installation.options, MailOptions: mail},
        )
        _prepare(found, wall.at)
        with _served(found, settings, port):
            yield Office(found, mailbox, post_office, wall, found.public_url)
    controller.stop()


def _prepare(installation: Installation, at: datetime) -> None:
    stocked(installation.database)
    with installation.database.writing() as session:
        for login, role in (("olga", Role.AGENT), ("admin", Role.ADMIN)):
            users.add(session, NewUser(login, "Ольга", role, PASSWORD), actor="test", now=at)
        new = NewAgreement("ТП-1", CUSTOMER, "STANDARD", date(2026, 1, 1), date(2026, 12, 31))
        agreements.conclude(session, new, packages_of(installation), actor="test", now=at)
        agreements.add_contact(session, "@romashka.example", CUSTOMER, actor="test", now=at)


@contextmanager
def _served(installation: Installation, settings: Settings, port: int) -> Iterator[None]:
    app = create_app(installation, settings)
    health.started(app).set()
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def log_in(page: Page) -> None:
    page.goto("/login")
    if page.locator("[name=login]").count():
        page.fill("[name=login]", "olga")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/staff/")


def answers(page: Page, text: str, then: str) -> None:
    page.fill("#text", text)
    page.select_option("#then", then)
    if page.locator("#attested").count():
        page.check("#attested")
    page.get_by_role("button", name="Отправить ответ").click()
    expect(page.get_by_text("Ответ отправлен.")).to_be_visible()


def test_a_letter_on_friday_evening_is_resolved_in_time(chromium: Browser, office: Office) -> None:
    context = chromium.new_context(base_url=office.address, locale="ru-RU")
    page = context.new_page()

    # Friday, 19:30: nobody is here. The letter is stored at once, and told from when it counts.
    office.arrives(letter("Здравствуйте!\nНет звука на FP2546B24VR8FEJ.\n"))
    acknowledged = office.last
    assert acknowledged.recipient == "anna@romashka.example"
    assert acknowledged.message["Auto-Submitted"] == "auto-replied"
    assert "Сейчас нерабочее время" in acknowledged.text
    assert "с открытия: 23.11.2026, 09:00" in acknowledged.text
    assert "не позже 23.11.2026, 17:00" in acknowledged.text

    # Monday, 10:00: the queue shows it with an hour used; the answer asks back and pauses.
    office.wall.set("2026-11-23T10:00")
    log_in(page)
    page.goto("/staff/requests/")
    row = page.locator("tbody tr", has_text="Нет звука")
    expect(row).to_contain_text("до 23.11.2026, 17:00")
    expect(row).to_contain_text("12 %")
    row.get_by_role("link").click()
    answers(page, "Какая гарнитура? Попробуйте другую.", "waiting-customer")
    expect(page.locator(".clock", has_text="Реагирование")).to_contain_text("в срок")
    office.post()
    assert office.last.message["Auto-Submitted"] is None
    assert "Какая гарнитура?" in office.last.text

    # Tuesday: a robot says that Anna is away, which changes nothing; at noon she answers herself.
    office.wall.set("2026-11-24T09:30")
    asked = office.last.message
    office.arrives(
        letter("Я в отпуске", Auto_Submitted="auto-replied", In_Reply_To=asked["Message-ID"])
    )
    assert office.state() is State.WAITING_CUSTOMER
    office.wall.set("2026-11-24T12:00")
    quoted = "".join(f"> {line}\n" for line in office.last.text.splitlines())
    said = (
        f"Другая работает, значит дело в ней. Где купить?\n\n24.11.2026, Поддержка пишет:\n{quoted}"
    )
    office.arrives(letter(said, Subject=f"Re: {asked['Subject']}", To=asked["Reply-To"]))
    assert office.state() is State.OPEN

    # Tuesday, 15:00: it is our turn again, with the pause not counted.
    office.wall.set("2026-11-24T15:00")
    log_in(page)
    page.goto("/staff/requests/?shelf=ours")
    page.locator("tbody tr", has_text="Нет звука").get_by_role("link").click()
    words = page.locator(".message", has_text="Где купить?").locator(".message-text").first
    expect(words).to_have_text("Другая работает, значит дело в ней. Где купить?")
    answers(page, "У партнёра вашего региона. Список на странице контактов.", "resolved")
    office.post()

    context.close()
    _followed_by_its_sender(chromium, office)
    _closed_in_time(office)


def _followed_by_its_sender(chromium: Browser, office: Office) -> None:
    """Anna follows the link of the letter, without a login."""
    stranger = chromium.new_context(locale="ru-RU").new_page()
    link = re.search(r"http://\S+/support/r/\S+", office.last.text)
    assert link is not None
    stranger.goto(link[0])
    expect(stranger.get_by_role("heading", level=1)).to_contain_text("Обращение № 1")
    expect(stranger.locator(".clock", has_text="Решение")).to_contain_text("в срок")
    expect(stranger.locator(".messages")).to_contain_text("Список на странице контактов.")
    stranger.context.close()


def _closed_in_time(office: Office) -> None:
    """Six working days later it is closed, and what its clocks said is kept."""
    office.wall.set("2026-12-02T10:00")
    with office.installation.database.writing() as session:
        assert escalating.close_resolved(session, office.wall.at) == 1
    with office.installation.database.reading() as session:
        request = records.get(session, 1)
        log = records.logs(session, [1])[1]
        kept = records.clocks_of(request, log, keeping.current(session), office.wall.at)
    assert kept[Promise.RESPONSE].standing is Standing.MET
    assert not any(one.is_late for one in kept.values())
    assert kept[Promise.RESOLVE].used.total_seconds() == 4 * 3600
