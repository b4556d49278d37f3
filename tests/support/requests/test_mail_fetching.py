from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import select

from storage.installation import Installation
from support.mailroom.models import IncomingMail, MailboxPosition
from support.mailroom.options import MailOptions
from support.requests import mail_fetching
from support.requests.models import SupportRequest
from tests.dovecot import Dovecot, running
from tests.support.mailroom.letters_sent import letter

NOW = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)


@pytest.fixture
def backend() -> str:
    """What a letter becomes runs on both databases beside the reading of letters."""
    return "sqlite"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    # A socket's path has about a hundred characters; the tests' own folder is longer.
    with TemporaryDirectory(prefix="fp-imap-") as folder, running(Path(folder) / "d") as server:
        yield server


@pytest.fixture
def reader(installation: Installation, dovecot: Dovecot) -> Installation:
    options = MailOptions(incoming=dovecot.server)
    return replace(installation, options={**installation.options, MailOptions: options})


def subjects(installation: Installation) -> list[str]:
    with installation.database.reading() as session:
        return list(session.scalars(select(SupportRequest.subject).order_by(SupportRequest.id)))


def test_letters_of_a_mailbox_become_requests_once_and_stay_there(
    reader: Installation, dovecot: Dovecot
) -> None:
    mail_fetching.fetch(reader, NOW)
    before = subjects(reader)
    for subject in ("Первое", "Второе"):
        dovecot.deliver(letter(Subject=subject).as_bytes())
    assert mail_fetching.fetch(reader, NOW) == 2
    assert mail_fetching.fetch(reader, NOW) == 0
    dovecot.deliver(letter(Subject="Третье").as_bytes())
    assert mail_fetching.fetch(reader, NOW) == 1
    assert subjects(reader) == [*before, "Первое", "Второе", "Третье"]
    kept = list((dovecot.folder / "Maildir").glob("[cn]*/*"))
    assert len(kept) >= 3
    assert not any(name.name.endswith("S") for name in kept), "marked as seen"


def test_a_lost_position_brings_no_letter_twice(reader: Installation, dovecot: Dovecot) -> None:
    dovecot.deliver(letter(Subject="Однажды").as_bytes())
    mail_fetching.fetch(reader, NOW)
    before = subjects(reader)
    with reader.database.writing() as session:
        session.delete(session.scalars(select(MailboxPosition)).one())
    assert mail_fetching.fetch(reader, NOW) >= 1
    assert subjects(reader) == before


def test_of_a_letter_past_the_limit_the_headers_come_and_the_rest_stays(
    reader: Installation, dovecot: Dovecot
) -> None:
    dovecot.deliver(letter("x" * 70 + "\n", Subject="Большое").as_bytes() + b"x\r\n" * 9_000_000)
    mail_fetching.fetch(reader, NOW)
    with reader.database.reading() as session:
        row = session.scalars(select(IncomingMail).where(IncomingMail.subject == "Большое")).one()
    assert row.request_id
    assert row.size < 10_000


def test_a_mailbox_that_is_away_is_told_of_and_loses_nothing(
    reader: Installation, dovecot: Dovecot
) -> None:
    mail_fetching.fetch(reader, NOW)
    for server in (
        replace(dovecot.server, port=1),
        replace(dovecot.server, password="wrong"),
        replace(dovecot.server, folder='Нет "такой'),
    ):
        options = {**reader.options, MailOptions: MailOptions(incoming=server)}
        assert mail_fetching.fetch(replace(reader, options=options), NOW) == 0
    with reader.database.reading() as session:
        errors = session.scalars(select(MailboxPosition.error)).all()
    assert sum(bool(error) for error in errors) == 3
    assert "wrong" not in " ".join(errors)


def test_without_a_mailbox_nothing_is_fetched(installation: Installation) -> None:
    assert mail_fetching.fetch(installation, NOW) == 0
