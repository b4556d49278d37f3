import io
import subprocess
import sys
from email.message import EmailMessage

import pytest

from portal.settings import Settings
from storage.blobs import TooLargeError
from support.mailroom.models import Fate, IncomingMail
from support.requests import by_mail, messages, records
from support.requests.acknowledging import ACKS_DAILY
from support.requests.by_mail import Received
from support.requests.intake import PER_SOURCE_HOURLY
from support.requests.models import RequestMessage
from support.requests.vocabulary import Author
from support.sla.log import State
from tests.support.mailroom.letters_sent import ROBOTS, letter, nested, with_parts
from tests.support.requests.desk import Desk, moscow

FRIDAY = "2026-11-20T19:30"


def take(desk: Desk, message: EmailMessage | bytes, at: str = FRIDAY) -> Received:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    return by_mail.receive(desk.installation, io.BytesIO(raw), moscow(at))


def opened(desk: Desk, message: EmailMessage | bytes, at: str = FRIDAY) -> int:
    got = take(desk, message, at)
    assert got.fate is Fate.REQUEST
    assert got.request is not None
    return got.request


def words(desk: Desk, number: int) -> list[RequestMessage]:
    with desk.installation.database.reading() as session:
        return list(records.messages(session, number))


def thread(desk: Desk, number: int) -> str:
    return desk.request(number).thread


def test_a_letter_becomes_a_request_with_its_phone_and_an_acknowledgement(desk: Desk) -> None:
    number = opened(desk, letter(f"Нет звука на {desk.register.first}\n"))
    found = desk.request(number)
    assert (found.channel, found.contact_email) == ("email", "anna@romashka.example")
    assert (found.contact_name, found.serials) == ("Анна Петрова", (desk.register.first,))
    ack = desk.letters("request.acknowledged")[0]
    assert ack.in_reply_to == "<1@romashka.example>"
    assert f"№ {number}" in ack.text
    assert "/support/r/" in ack.text


def test_s3_a_letter_on_friday_evening_counts_from_monday_and_is_told_so(desk: Desk) -> None:
    desk.conclude()
    desk.writes_for_customer()
    opened(desk, letter(f"Нет звука на {desk.register.first}\n"))
    said = desk.letters("request.acknowledged")[0].text
    assert "Сейчас нерабочее время" in said
    assert "с открытия: 23.11.2026, 09:00" in said
    assert "не позже 23.11.2026, 17:00" in said


def test_the_same_letter_twice_is_one_request(desk: Desk) -> None:
    first = take(desk, letter())
    assert take(desk, letter()) == first
    assert len(desk.letters()) == 1


@pytest.mark.parametrize("place", ["References", "In_Reply_To", "To", "Cc", "Subject"])
def test_s16_an_answer_joins_its_request_by_our_token_wherever_it_stands(
    desk: Desk, place: str
) -> None:
    number = opened(desk, letter())
    token = thread(desk, number)
    said = {
        "References": f"<a@b> <r.{token}.0123456789abcdef@flat-pro.ru>",
        "In_Reply_To": f"<r.{token}.0123456789abcdef@flat-pro.ru>",
        "To": f"Поддержка <support+{token}@flat-pro.ru>",
        "Cc": f"support+{token.upper()}@flat-pro.ru",
        "Subject": f"Re: Нет звука [FP-{number}-{token}]",
    }[place]
    got = take(desk, letter("Сменили кабель.\n", **{place: said}))
    assert (got.fate, got.request) == (Fate.JOINED, number)
    assert [one.text for one in words(desk, number)][1:] == ["Сменили кабель."]


def test_s10_a_letter_ends_a_pause(desk: Desk) -> None:
    number = opened(desk, letter())
    desk.answers(number, "2026-11-23T10:00", State.WAITING_CUSTOMER)
    to = f"support+{thread(desk, number)}@flat-pro.ru"
    take(desk, letter("2.4.1", To=to), "2026-11-23T11:00")
    assert desk.state(number) is State.OPEN


@pytest.mark.parametrize(
    "headers",
    [
        {"Subject": "Re: Нет звука № {number}"},
        {"Subject": "[FP-{number}] Нет звука"},
        {"Subject": "[FP-{number}-abcdefghjkmnpqrstuvw]"},
        {"In_Reply_To": "<r.{number}.1@flat-pro.ru>"},
        {"To": "support+{number}@flat-pro.ru"},
    ],
)
def test_s16_a_number_or_a_name_joins_nothing(desk: Desk, headers: dict[str, str]) -> None:
    number = opened(desk, letter())
    forged = {name: text.format(number=number) for name, text in headers.items()}
    assert opened(desk, letter("Чужое", **forged)) != number
    assert len(words(desk, number)) == 1


def test_who_else_writes_into_a_request_is_told_to_staff(desk: Desk) -> None:
    number = opened(desk, letter())
    to = f"support+{thread(desk, number)}@flat-pro.ru"
    take(desk, letter("Я коллега", From="ivan@other.example", To=to))
    assert "ivan@other.example" in words(desk, number)[1].remark
    assert desk.request(number).contact_email == "anna@romashka.example"


@pytest.mark.parametrize("kind", ROBOTS)
def test_s16_robots_open_nothing_and_are_never_answered(desk: Desk, kind: str) -> None:
    number = opened(desk, letter())
    desk.answers(number, "2026-11-20T19:40", State.WAITING_CUSTOMER, attested=True)
    before = len(desk.letters())
    headers = {name.replace("-", "_"): value for name, value in ROBOTS[kind].items()}
    to = f"support+{thread(desk, number)}@flat-pro.ru"
    assert take(desk, letter("Я в отпуске", **headers)).fate is Fate.AUTOMATIC
    joined = take(desk, letter("Я в отпуске", To=to, **headers))
    assert (joined.fate, joined.request) == (Fate.AUTOMATIC, number)
    assert desk.state(number) is State.WAITING_CUSTOMER
    assert len(desk.letters()) == before


def test_s16_two_robots_that_answer_each_other_stop_at_once(desk: Desk) -> None:
    opened(desk, letter())
    for _round in range(3):
        ours = desk.letters()[-1]
        back = letter("Мы получили ваше письмо", Subject=f"Авто: {ours.subject}",
                      In_Reply_To=ours.message_id, Auto_Submitted="auto-replied")  # fmt: skip
        assert take(desk, back).fate is Fate.AUTOMATIC
    assert len(desk.letters()) == 1


def test_s16_one_that_hides_being_a_robot_gets_few_answers_a_day(desk: Desk) -> None:
    for count in range(PER_SOURCE_HOURLY + 5):
        got = take(desk, letter("Спасибо за письмо", Subject=f"Авто {count}"))
        assert got.fate is (Fate.REQUEST if count < PER_SOURCE_HOURLY else Fate.FLOOD)
    assert len(desk.letters()) == ACKS_DAILY
    assert take(desk, letter("Завтра", Subject="Новое"), "2026-11-21T20:00").fate is Fate.REQUEST


def test_a_flood_into_one_request_is_kept_and_stops(desk: Desk) -> None:
    number = opened(desk, letter())
    to = f"support+{thread(desk, number)}@flat-pro.ru"
    for count in range(by_mail.PER_REQUEST_HOURLY):
        got = take(desk, letter(f"Ещё {count}", To=to))
    assert got.fate is Fate.FLOOD
    assert len(words(desk, number)) == by_mail.PER_REQUEST_HOURLY


def test_a_letter_to_a_request_that_is_over_is_a_new_one_that_follows_it(desk: Desk) -> None:
    number = opened(desk, letter())
    desk.answers(number, "2026-11-23T10:00", State.RESOLVED, attested=True)
    desk.becomes(number, State.CLOSED, "2026-11-23T10:01")
    to = f"support+{thread(desk, number)}@flat-pro.ru"
    again = opened(desk, letter("Опять", To=to), "2026-12-01T10:00")
    assert desk.request(again).follows_id == number


def test_files_are_judged_and_those_left_out_are_named(desk: Desk) -> None:
    message = letter()
    message.add_attachment(b"log line", maintype="text", subtype="plain", filename="phone.log")
    message.add_attachment(b"MZ\x00", maintype="image", subtype="png", filename="фото.png")
    number = opened(desk, message)
    (first,) = words(desk, number)
    assert [file.name for file in first.attachments] == ["phone.log"]
    assert "«фото.png» не принят" in first.remark


@pytest.mark.parametrize(
    "raw",
    [
        with_parts(1000),
        nested(100),
        nested(5000),
        letter("").as_bytes(),
        letter("\u00a0\t").as_bytes(),
        letter("я" * 300_000).as_bytes(),
        letter(Subject="").as_bytes(),
        letter(Subject="Re: Re: Fwd:").as_bytes(),
        letter(Subject="x" * 900).as_bytes(),
        letter(From="=?x?Q?=00?= <anna@romashka.example>").as_bytes(),
    ],
    ids=["parts", "nested", "deep", "empty", "blank", "long", "subject", "re", "wide", "nul"],
)
def test_s16_a_hostile_letter_of_a_person_is_a_request_all_the_same(desk: Desk, raw: bytes) -> None:
    number = opened(desk, raw)
    assert len(words(desk, number)[0].text) <= messages.TEXT_MAX
    assert desk.request(number).subject


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 500,
        b"From: a..b@c.example\r\n\r\nx",
        b"From: \xd1\x8f@\xd1\x8f.example\r\n\r\nx",
        b"Subject: x\r\n\r\nno sender",
    ],
)
def test_what_cannot_be_answered_is_kept_for_people(desk: Desk, raw: bytes) -> None:
    got = take(desk, raw)
    assert (got.fate, got.request) == (Fate.UNREADABLE, None)
    with desk.installation.database.reading() as session:
        kept = session.get_one(IncomingMail, got.mail_id)
    with desk.installation.blobs.open(kept.raw_sha256) as file:
        assert file.read() == raw
    assert desk.letters() == []


def test_s16_a_letter_too_large_is_a_request_and_its_sender_is_told(desk: Desk) -> None:
    raw = letter().as_bytes()
    raw += b"x" * (26 * 1024 * 1024 - len(raw))
    number = opened(desk, raw)
    assert "больше 25 МБ" in desk.letters("request.too-large")[0].text
    assert desk.letters("request.acknowledged") == []
    assert "заголовки" in words(desk, number)[0].remark
    with pytest.raises(TooLargeError):
        take(desk, b"x" * (by_mail.RAW_BYTES_MAX + 1))


def test_an_english_letter_is_answered_in_english(desk: Desk) -> None:
    opened(desk, letter("No sound", Subject="No sound", From="Ann <ann@b.example>"))
    assert "is registered" in desk.letters()[0].text


def test_no_letter_speaks_for_support(desk: Desk) -> None:
    number = opened(desk, letter())
    assert {one.author for one in words(desk, number)} == {Author.CUSTOMER}


# The command that a mail server calls.


def receive(settings: Settings, raw: bytes, **more: str) -> "subprocess.CompletedProcess[bytes]":
    environ = {
        "PATH": "/usr/bin:/bin",
        "FLATPRO_DATA_DIR": str(settings.data_dir),
        "FLATPRO_DATABASE_URL": settings.database_url,
        **more,
    }
    words = [sys.executable, "-m", "portal.cli", "mail", "receive"]
    return subprocess.run(words, input=raw, env=environ, capture_output=True, check=False)


def test_a_mail_server_hands_a_letter_over_and_may_do_so_again(
    settings: Settings, desk: Desk
) -> None:
    for _time in range(2):
        done = receive(settings, letter().as_bytes())
        assert done.returncode == 0, done.stderr
        assert b"request 1" in done.stderr
    assert desk.request(1).channel == "email"


def test_a_letter_that_cannot_be_stored_now_is_asked_for_again(settings: Settings) -> None:
    away = {"FLATPRO_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}
    assert receive(settings, letter().as_bytes(), **away).returncode == 75
    assert receive(settings, b"x" * (by_mail.RAW_BYTES_MAX + 1)).returncode == 69
