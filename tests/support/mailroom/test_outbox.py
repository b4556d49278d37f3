from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs.models import Job
from portal.settings import BadSettingError, Settings, load
from storage.db import Database
from storage.installation import Installation
from support.mailroom import outbox, smtp
from support.mailroom.letters import LOOP_HEADER, Envelope, Letter, envelope, one_line
from support.mailroom.models import MailState, OutgoingMail
from support.mailroom.options import MailOptions, Server
from support.mailroom.outbox import CLAIM, RETRY_MINUTES, AddressError
from support.mailroom.threads import bare_address, new_thread, threads_of
from tests.ports import free_port
from tests.support.mailroom.post_office import PostOffice

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LETTER = Letter("anna@example.ru", "Ваше обращение", "Здравствуйте!\n", "test", thread=new_thread())
UNWRITABLE = ["info@фирма.рф", "иван@firma.ru", "ivan@firma.ru.", "a@b..c", "a@.b", "a:" * 1000]


@pytest.fixture
def database(installation: Installation) -> Database:
    return installation.database


def post(database: Database, letter: Letter, options: MailOptions) -> int:
    with database.writing() as session:
        return outbox.post(session, letter, options, now=NOW).id


def state(database: Database, mail_id: int) -> OutgoingMail:
    with database.reading() as session:
        return session.get_one(OutgoingMail, mail_id)


def test_a_letter_arrives_as_it_was_written(database: Database, post_office: PostOffice) -> None:
    mail_id = post(database, LETTER, post_office.options)
    assert outbox.send_due(database, post_office.options, NOW) == 1
    taken = post_office.taken[0]
    assert taken.text == "Здравствуйте!\n"
    assert taken.message["Subject"] == "Ваше обращение"
    assert taken.message["To"] == "anna@example.ru"
    assert f"+{LETTER.thread}@flat-pro.ru" in taken.message["Reply-To"]
    assert threads_of([taken.message["Message-ID"]], [], "") == [LETTER.thread]
    assert state(database, mail_id).state == MailState.SENT
    assert outbox.send_due(database, post_office.options, NOW) == 0


def test_an_automatic_letter_says_so_and_has_a_null_sender(
    database: Database, post_office: PostOffice
) -> None:
    post(database, LETTER, post_office.options)
    post(database, replace(LETTER, automatic=False, in_reply_to="<a@b>"), post_office.options)
    outbox.send_due(database, post_office.options, NOW)
    robot, person = post_office.taken
    assert robot.sender == ""
    assert robot.message["Auto-Submitted"] == "auto-generated"
    assert robot.message["Precedence"] == "bulk"
    assert robot.message[LOOP_HEADER] == "flat-pro.ru"
    assert person.sender == "support@flat-pro.ru"
    assert person.message["Auto-Submitted"] is None
    assert person.message["In-Reply-To"] == "<a@b>"


@pytest.mark.parametrize(
    "subject", ["a\r\nBcc: victim@example.ru", "a\nX: y", "a\u2028b", "a\x00\x1b[0m", "й" * 500]
)
def test_nothing_in_a_subject_becomes_a_header(
    database: Database, post_office: PostOffice, subject: str
) -> None:
    post(database, replace(LETTER, subject=subject, in_reply_to=subject), post_office.options)
    assert outbox.send_due(database, post_office.options, NOW) == 1
    taken = post_office.taken[0]
    assert taken.message["Bcc"] is None
    assert taken.message["X"] is None
    assert taken.message["Subject"] == one_line(subject)


@pytest.mark.parametrize(
    "recipient", ["", "anna", "a@b\r\nBcc: c@d", "a b@c", "@", "a@" + "b" * 300, "a,b@c@d"]
)
def test_what_is_no_address_is_refused(database: Database, recipient: str) -> None:
    with pytest.raises(AddressError):
        post(database, replace(LETTER, recipient=recipient), MailOptions())


@pytest.mark.parametrize("typed", UNWRITABLE)
def test_what_no_letter_can_be_written_to_is_no_address(database: Database, typed: str) -> None:
    assert bare_address(typed) == ""
    with pytest.raises(AddressError):
        post(database, replace(LETTER, recipient=typed), MailOptions())


@pytest.mark.parametrize("stored", UNWRITABLE)
def test_a_stored_letter_that_cannot_be_written_holds_up_none_behind_it(
    database: Database, post_office: PostOffice, stored: str
) -> None:
    stuck = post(database, LETTER, post_office.options)
    with database.writing() as session:
        session.get_one(OutgoingMail, stuck).recipient = stored
    behind = post(database, LETTER, post_office.options)
    assert outbox.send_due(database, post_office.options, NOW) == 1
    assert state(database, stuck).state == MailState.FAILED
    assert state(database, stuck).error
    assert state(database, behind).state == MailState.SENT


def test_a_letter_of_a_transaction_that_fails_is_never_sent(
    database: Database, post_office: PostOffice
) -> None:
    with pytest.raises(RuntimeError), database.writing() as session:
        outbox.post(session, LETTER, post_office.options, now=NOW)
        raise RuntimeError
    assert outbox.send_due(database, post_office.options, NOW) == 0
    with database.reading() as session:
        assert session.query(Job).count() == 0


def test_a_server_that_is_away_delays_a_letter_and_loses_none(database: Database) -> None:
    options = MailOptions(outgoing=Server("smtp", "127.0.0.1", free_port()))
    mail_id, at = post(database, LETTER, options), NOW
    for minutes in RETRY_MINUTES:
        assert outbox.send_due(database, options, at) == 0
        assert state(database, mail_id).next_try_at == at + timedelta(minutes=minutes)
        at += timedelta(minutes=minutes)
    outbox.send_due(database, options, at)
    assert state(database, mail_id).state == MailState.FAILED
    assert "Refused" in state(database, mail_id).error
    with database.writing() as session:
        assert outbox.again(session, mail_id, at)
        assert not outbox.again(session, mail_id, at)


def test_a_refused_recipient_is_final_and_a_busy_one_is_tried_again(
    database: Database, post_office: PostOffice
) -> None:
    post_office.says = {"anna@example.ru": "550 no such user", "ivan@example.ru": "451 later"}
    gone = post(database, LETTER, post_office.options)
    busy = post(database, replace(LETTER, recipient="ivan@example.ru"), post_office.options)
    assert outbox.send_due(database, post_office.options, NOW) == 0
    assert state(database, gone).state == MailState.FAILED
    assert "550" in state(database, gone).error
    assert state(database, busy).state == MailState.WAITING


def test_while_a_letter_is_handed_over_others_write_and_none_sends_it_too(
    database: Database, post_office: PostOffice
) -> None:
    sent_meanwhile: list[int] = []

    def another_process() -> None:
        post(database, replace(LETTER, recipient="ivan@example.ru"), post_office.options)
        sent_meanwhile.append(outbox.send_due(database, post_office.options, NOW))

    post(database, LETTER, post_office.options)
    post_office.meanwhile = another_process
    assert outbox.send_due(database, post_office.options, NOW) == 1
    assert sent_meanwhile == [1]
    assert [taken.recipient for taken in post_office.taken] == ["ivan@example.ru", LETTER.recipient]


def test_the_letter_of_a_process_that_died_is_due_again_after_its_claim(
    database: Database, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_letter: Envelope, _server: Server) -> None:
        raise SystemExit

    mail_id = post(database, LETTER, post_office.options)
    with monkeypatch.context() as patch:
        patch.setattr(smtp, "send", die)
        with pytest.raises(SystemExit):
            outbox.send_due(database, post_office.options, NOW)
    assert state(database, mail_id).attempts == 1
    assert outbox.send_due(database, post_office.options, NOW) == 0
    later = NOW + CLAIM + timedelta(minutes=1)
    assert outbox.send_due(database, post_office.options, later) == 1


def test_without_a_server_letters_wait(database: Database) -> None:
    mail_id = post(database, LETTER, MailOptions())
    assert outbox.send_due(database, MailOptions(), NOW) == 0
    assert state(database, mail_id).state == MailState.WAITING
    with database.reading() as session:
        assert outbox.waiting(session) == 1
        assert session.query(Job).count() == 0


def test_how_many_automatic_letters_a_person_got_is_known(database: Database) -> None:
    post(database, LETTER, MailOptions())
    post(database, replace(LETTER, automatic=False), MailOptions())
    with database.reading() as session:
        day = NOW - timedelta(days=1)
        assert outbox.automatic_since(session, "anna@example.ru", day) == 1
        assert outbox.automatic_since(session, "anna@example.ru", NOW) == 0


def test_the_settings_name_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLATPRO_SMTP_URL", "smtp+starttls://fp:p%40ss@mail.example.ru")
    monkeypatch.setenv("FLATPRO_IMAP_URL", "imaps://fp:TOP-SECRET@mail.example.ru/Support")
    monkeypatch.setenv("FLATPRO_MAIL_FROM", "help@example.ru")
    settings = load()
    assert settings.mail.outgoing == Server("smtp+starttls", "mail.example.ru", 587, "fp", "p@ss")
    assert settings.mail.incoming == Server(
        "imaps", "mail.example.ru", 993, "fp", "TOP-SECRET", "Support"
    )
    assert settings.mail.domain == "example.ru"
    assert "TOP-SECRET" not in repr(settings.mail) + repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLATPRO_SMTP_URL", "imap://mail.example.ru"),
        ("FLATPRO_IMAP_URL", "https://me:TOP-SECRET@mail.example.ru"),
        ("FLATPRO_SMTP_URL", "smtp://"),
        ("FLATPRO_MAIL_FROM", "nobody"),
    ],
)
def test_a_bad_mail_setting_is_named_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettingError) as refused:
        load()
    assert name in refused.value.text("ru")
    assert "TOP-SECRET" not in refused.value.text("ru")


def test_an_envelope_is_plain_bytes_with_crlf() -> None:
    made = envelope(LETTER, "<x@flat-pro.ru>", Settings().mail, NOW)
    assert b"\r\n" in made.message
    assert b"\n" not in made.message.replace(b"\r\n", b"")
    made.message.decode("ascii")
