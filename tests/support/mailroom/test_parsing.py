import contextlib
import tracemalloc
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.mailroom import parsing
from support.mailroom.parsing import UnreadableError, parse
from tests.support.mailroom.letters_sent import ROBOTS, letter, nested, with_parts

OWN = "support@flat-pro.ru"


def test_a_persons_letter_is_read_as_it_was_written() -> None:
    found = parse(letter().as_bytes(), OWN)
    assert (found.sender, found.sender_name) == ("anna@romashka.example", "Анна Петрова")
    assert (found.subject, found.text.strip()) == ("Нет звука", "Нет звука на FP2546B24VR8FEJ")
    assert (found.robot, found.is_whole, found.files) == ("", True, [])


@pytest.mark.parametrize("kind", ROBOTS)
def test_s16_a_robots_letter_is_known_as_one(kind: str) -> None:
    headers = {name.replace("-", "_"): value for name, value in ROBOTS[kind].items()}
    assert parse(letter(**headers).as_bytes(), OWN).robot


def test_s16_a_report_of_a_mail_server_is_a_robots() -> None:
    raw = b"From: a@b.example\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x--\r\n"
    assert parse(raw, OWN).robot == "multipart/report"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"Precedence": "normal"},
        {"Return_Path": "<anna@romashka.example>"},
        {"From": "noreplyev@example.ru"},
        {"X_Auto_Response_Suppress": "All"},
    ],
)
def test_a_person_is_not_taken_for_a_robot(headers: dict[str, str]) -> None:
    assert parse(letter(**headers).as_bytes(), OWN).robot == ""


@pytest.mark.parametrize("charset", ["koi8-r", "cp1251", "utf-8", "iso-8859-5"])
def test_every_charset_of_russian_mail_is_read(charset: str) -> None:
    message = letter()
    message.set_content("Ёжик пишет\n", charset=charset, cte="base64")
    assert parse(message.as_bytes(), OWN).text == "Ёжик пишет\n"
    raw = (
        f"From: a@b.example\r\nSubject: Ёжик\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
    )
    found = parse(raw.encode("utf-8" if charset == "utf-8" else "cp1251"), OWN)
    assert found.subject == "Ёжик"


@pytest.mark.parametrize("charset", ["unknown-8bit", "x-nonsense", "idna", "rot13", "hex", "\x00"])
def test_a_charset_that_is_none_still_gives_words(charset: str) -> None:
    raw = f"From: a@b.example\r\nSubject: =?{charset}?B?0J/RgNC40LLQtdGC?=\r\n"
    raw += f"Content-Type: text/plain; charset={charset}\r\n\r\nПривет"
    assert "Привет" in parse(raw.encode(), OWN).text


@pytest.mark.parametrize("charset", ["punycode", "-PunyCode", "idna"])
@pytest.mark.parametrize(
    "headers",
    [
        "Content-Type: text/plain; charset={charset}\r\n\r\n{long}",
        "Content-Type: text/plain; charset*={charset}''{long}\r\n\r\nx",
        "Content-Type: multipart/mixed; boundary*={charset}''{long}\r\n\r\nx",
        "Content-Disposition: attachment; filename*={charset}''{long}\r\n\r\nx",
    ],
)
def test_a_charset_that_is_slow_to_decode_costs_no_time(
    headers: str, charset: str, leeway: float
) -> None:
    raw = "From: a@b.example\r\n" + headers.format(charset=charset, long="a" * 300_000)
    started = monotonic()
    with contextlib.suppress(UnreadableError):
        parse(raw.encode(), OWN)
    assert monotonic() - started < 1 * leeway


def test_a_page_without_a_text_gives_its_words_and_no_script() -> None:
    message = letter()
    message.set_content(
        "<head><style>p{}</style></head><p>Нет <b>звука</b></p><script>alert(1)</script>да",
        subtype="html",
    )
    assert parse(message.as_bytes(), OWN).text == "Нет звука\nда"


def test_files_come_with_the_names_they_were_given() -> None:
    message = letter()
    message.add_attachment(b"log", maintype="text", subtype="plain", filename="журнал.log")
    message.add_attachment(b"GIF8", maintype="image", subtype="gif", filename="../../etc/passwd")
    found = parse(message.as_bytes(), OWN)
    assert [(file.name, file.data) for file in found.files] == [
        ("журнал.log", b"log"), ("../../etc/passwd", b"GIF8"),
    ]  # fmt: skip


def test_nothing_in_a_header_becomes_another_header() -> None:
    raw = b"From: =?utf-8?B?YUBiLmV4YW1wbGUNCkJjYzogdmljdGltQGMuZXhhbXBsZQ==?=\r\n"
    raw += b"Subject: =?utf-8?Q?a=0D=0ABcc:_victim@c.example?=\r\n\r\nx"
    found = parse(raw, OWN)
    assert "\n" not in found.subject + found.sender_name + found.sender


def test_s16_a_thousand_parts_are_cut_short_and_said() -> None:
    found = parse(with_parts(1000), OWN)
    assert len(found.files) == parsing.FILES_MAX
    assert found.remarks


@pytest.mark.parametrize("depth", [100, 300, 5000])
def test_s16_parts_within_parts_end(depth: int) -> None:
    began = monotonic()
    assert parse(nested(depth), OWN).sender == "anna@romashka.example"
    assert monotonic() - began < 30


def test_s16_a_letter_past_the_limit_gives_its_headers_in_little_memory() -> None:
    message = letter().as_bytes()
    raw = message + b"x" * (parsing.LETTER_BYTES_MAX + 1 - len(message))
    tracemalloc.start()
    found = parse(raw, OWN)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.is_whole, found.subject, found.files) == (False, "Нет звука", [])
    assert peak < 5 * 1024 * 1024


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"From:\r\n\r\nx",
        b"From: nobody\r\n\r\nx",
        b"\x00" * 1000,
        b"From: a..b@c\r\n\r\n",
        b"From: " + b"a" * 100_000,
        b"From: " + b"(" * 900 + b"\r\n\r\n",
        b"From: " + b"a:" * 450 + b"\r\n\r\n",
        b"From: \xff\xfe\x00@\r\n\r\n",
    ],
)
def test_what_names_no_sender_has_none(raw: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        assert parse(raw, OWN).sender == ""


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        [
            b"Content-Type: ",
            b"From: ",
            b"Subject: =?",
            b"Content-Disposition: ",
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            b"\r\n\r\n",
            b"References: ",
        ]
    ),
    st.binary(max_size=400),
)
def test_no_bytes_stop_the_reader(before: bytes, middle: bytes, after: bytes) -> None:
    for raw in (before + middle + after, b"From: a@b.example\r\n" + middle + after):
        try:
            found = parse(raw, OWN)
        except UnreadableError:
            continue
        assert found.subject.isprintable()
