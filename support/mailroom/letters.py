"""A letter of ours as the bytes that a server takes: headers that nobody can add to.

An automatic letter says so (Auto-Submitted, RFC 3834) and leaves with a null sender, so that no
robot answers it; a person's answer leaves with the support address.
"""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from unicodedata import category

from support.mailroom.options import MailOptions
from support.mailroom.threads import answer_address

#: What stands above a quoted letter: what is below it is cut off when an answer comes.
CUT_LINE_RU = "--- не пишите ниже этой строки ---"
CUT_LINE_EN = "--- please write above this line ---"
SUBJECT_MAX = 200
#: A robot of ours knows its own letters by it.
LOOP_HEADER = "X-Flatpro-Loop"
#: Unicode's categories of controls, surrogates, and separators of lines and of paragraphs.
_ACTING = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: Embeddings, overrides and isolates (UAX 9): what is read is not what is written.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Letter:
    """What to write to whom. `thread` joins the answer to its request; empty where none is awaited.

    `purpose` and `about` are for our records ("request.acknowledged", "request:17").
    """

    recipient: str
    subject: str
    text: str
    purpose: str
    about: str = ""
    automatic: bool = True
    thread: str = ""
    in_reply_to: str = ""


@dataclass(frozen=True)
class Envelope:
    """A letter ready for a server; an empty `sender` is the null one."""

    sender: str
    recipient: str
    message: bytes


def one_line(text: str, limit: int = SUBJECT_MAX) -> str:
    """The text without anything that could end a header: one line, no control characters."""
    flat = "".join(" " if not char.isprintable() else char for char in text)
    return " ".join(flat.split())[:limit]


def _said(text: str, limit: int) -> str:
    """One line that is taken as it stands: no part of it is a word in another coding (RFC 2047)."""
    return one_line(text, limit).replace("=?", "= ?")


def readable(text: str) -> str:
    r"""The text with what would act in a reader's hands written out: \x1b, \u202e."""
    lines = text.replace("\r\n", "\n")
    return "".join(one.encode("unicode_escape").decode() if _acts(one) else one for one in lines)


def _acts(char: str) -> bool:
    """Controls, halves of characters, and marks that turn around or break what follows them."""
    return char not in "\n\t" and (category(char) in _ACTING or char in _TURNING)


def envelope(
    letter: Letter, message_id: str, options: MailOptions, created_at: datetime
) -> Envelope:
    """The letter as bytes with its envelope; raises ValueError for a bad recipient."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(options.name, addr_spec=options.address)
    message["To"] = Address(addr_spec=letter.recipient)
    message["Subject"] = _said(letter.subject, SUBJECT_MAX)
    message["Date"] = format_datetime(created_at)
    message["Message-ID"] = message_id
    message["Reply-To"] = Address(
        options.name, addr_spec=answer_address(options.address, letter.thread)
    )
    if letter.in_reply_to:
        message["In-Reply-To"] = _said(letter.in_reply_to, 500)
        message["References"] = _said(letter.in_reply_to, 500)
    message[LOOP_HEADER] = options.domain
    if letter.automatic:
        message["Auto-Submitted"] = "auto-replied" if letter.in_reply_to else "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message["Precedence"] = "bulk"
    message.set_content(readable(letter.text), charset="utf-8", cte="quoted-printable")
    sender = "" if letter.automatic else options.address
    return Envelope(sender, letter.recipient, message.as_bytes())
