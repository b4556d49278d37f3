"""H4: no word of a phone, or of a person, is obeyed in any letter that quotes it."""

import ast
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from unicodedata import category

import pytest

from support.mailroom.letters import CUT_LINE_RU, Letter, envelope, readable
from support.mailroom.options import MailOptions
from tests.nginx import PROJECT
from tests.provision.hostile_phone import MARK, WORDS
from tests.support.mailroom.every_letter import AT, every_letter, written

#: More of what only a person could type into a form.
TYPED = (
    f"{MARK}\n.\nMAIL FROM:<x@example.com>",
    f"{MARK}\n\n--boundary\nContent-Type: text/html\n\n<b>",
    f"{MARK}\r\n\r\n<html><script>x</script>",
    f"=?utf-8?b?{MARK}?= =0D=0ABcc: all@example.com",
    f"{MARK}\ud800\udc00",
    MARK + "a" * 3000,
    f"{MARK}\nFrom me to you",
)
LINE_MAX = 998
LETTERS = {f"{one.__module__}.{one.__name__}": one for one in every_letter()}


def sent(letter: Letter) -> tuple[bytes, EmailMessage]:
    whole = envelope(letter, "<1@flat-pro.ru>", MailOptions(), AT).message
    read = message_from_bytes(whole, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return whole, read


def text_of(read: EmailMessage) -> str:
    text: str = read.get_content()
    return text.replace("\r\n", "\n")


def faults(write: Callable[..., Letter], word: str, language: str) -> list[str]:
    """What of a letter with this word is not as in one with a plain word."""
    plain = sent(written(write, MARK, language))[1]
    whole, read = sent(written(write, word, language))
    told = []
    if read.keys() != plain.keys() or any(part.defects for part in read.walk()):
        told.append(f"headers {read.keys()}")
    if read.is_multipart() or read.get_content_type() != "text/plain" or read.get_filename():
        told.append(read.get_content_type())
    text, told_in_all = text_of(read), read["Subject"] + text_of(read)
    if any(
        category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text.translate({10: None, 9: None})
    ):
        told.append("controls")
    if "\u202e" in told_in_all or (shows(plain) and MARK not in told_in_all):
        told.append("not shown as it is")
    lines = whole.split(b"\r\n")
    if any(len(line) > LINE_MAX or b"\n" in line or b"\r" in line for line in lines):
        told.append("lines")
    return told


def shows(read: EmailMessage) -> bool:
    """Whether the letter tells the word at all: letters to a team may not."""
    return MARK in read["Subject"] + text_of(read)


def test_proof_h4_no_hostile_word_is_obeyed_by_any_letter() -> None:
    words = (*WORDS, *TYPED)
    told = [
        (name, word[:40], language, fault)
        for name, write in LETTERS.items()
        for word in words
        for language in ("ru", "en")
        for fault in faults(write, word, language)
    ]
    showing = sum(shows(sent(written(write, MARK, "ru"))[1]) for write in LETTERS.values())
    print(f"H4: {len(words)} hostile words in {len(LETTERS)} kinds of letter, 0 obeyed")  # noqa: T201
    assert told == []
    assert len(LETTERS) >= 20
    assert showing >= 18, "most letters tell something of a phone or of a person"


def test_every_letter_is_written_where_letters_are_looked_for() -> None:
    rooms = ("accounts", "provision", "support", "portal")
    files = [path for room in rooms for path in (PROJECT / room).rglob("*.py")]
    making = {str(path.relative_to(PROJECT)) for path in files if makes_letters(path)}
    found = {f"{name.rpartition('.')[0].replace('.', '/')}.py" for name in LETTERS}
    # The outbox makes one of its own row again.
    assert making - {"support/mailroom/outbox.py"} <= found | {"support/repairs/letters.py"}


def makes_letters(path: Path) -> bool:
    calls = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
    return any(isinstance(call.func, ast.Name) and call.func.id == "Letter" for call in calls)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31m\x00\x7f", "a\\x1b[31m\\x00\\x7f"),
        ("a\u202eb\u2028c", "a\\u202eb\\u2028c"),
        ("a\r\nb\n\tc", "a\nb\n\tc"),
        ("a\rb", "a\\rb"),
        ("Ёж 👩\u200d👧 שלום\u200f", "Ёж 👩\u200d👧 שלום\u200f"),
        (CUT_LINE_RU, CUT_LINE_RU),
    ],
)
def test_what_would_act_is_written_out_and_words_stay(text: str, shown: str) -> None:
    assert readable(text) == shown
    assert text_of(sent(Letter("a@b.example", "x", text, "test"))[1]) == f"{shown}\n"


@pytest.mark.parametrize(
    "subject", ["=?utf-8?b?zq7x?=", "=?utf-8?q?x=0D=0ABcc:_all@example.com?=", "=?x?y?z?= =?="]
)
def test_a_subject_in_the_form_of_a_coded_word_is_no_word_of_its_own(subject: str) -> None:
    read = sent(Letter("a@b.example", subject, "", "test", in_reply_to=subject))[1]
    assert read["Subject"] == subject.replace("=?", "= ?")
    assert read["Bcc"] is None
