"""Letters as people, robots and attackers send them, in bytes."""

from email.message import EmailMessage
from email.policy import SMTP

from support.mailroom.letters import LOOP_HEADER

ROBOTS: dict[str, dict[str, str]] = {
    "out of office": {"Auto-Submitted": "auto-replied"},
    "generated": {"Auto-Submitted": "auto-generated; x=y"},
    "our own loop mark": {LOOP_HEADER: "flat-pro.ru"},
    "null sender": {"Return-Path": "<>"},
    "bulk": {"Precedence": "bulk"},
    "junk": {"Precedence": "Junk"},
    "list precedence": {"Precedence": "list"},
    "list": {"List-Id": "<news.example.ru>"},
    "unsubscribe": {"List-Unsubscribe": "<mailto:x@example.ru>"},
    "mailer daemon": {"From": "MAILER-DAEMON@mx.example.ru"},
    "no reply": {"From": "No Reply <no-reply@example.ru>"},
    "bounces": {"From": "bounces+123@example.ru"},
    "ourselves": {"From": "support@flat-pro.ru"},
    "ourselves with a token": {"From": "support+abc@flat-pro.ru"},
}


def letter(text: str = "Нет звука на FP2546B24VR8FEJ\n", **headers: str) -> EmailMessage:
    """A person's letter; `headers` with _ for - replace or add."""
    message = EmailMessage(policy=SMTP)
    found = {
        "From": "Анна Петрова <anna@romashka.example>",
        "To": "support@flat-pro.ru",
        "Subject": "Нет звука",
        "Message-ID": "<1@romashka.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in found.items():
        message[name] = value
    message.set_content(text)
    return message


def with_parts(count: int) -> bytes:
    """A multipart letter of so many small text files."""
    head = b"From: anna@romashka.example\r\nSubject: x\r\n"
    head += b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    part = b"--b\r\nContent-Type: text/plain\r\n"
    part += b"Content-Disposition: attachment; filename=a.txt\r\n\r\nhello\r\n"
    return head + part * count + b"--b--\r\n"


def nested(depth: int) -> bytes:
    """Parts within parts."""
    head = b"From: anna@romashka.example\r\nSubject: x\r\n"
    for level in range(depth):
        head += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    return head + b"Content-Type: text/plain\r\n\r\ndeep\r\n"
