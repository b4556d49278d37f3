"""A letter's bytes as values: whatever was sent, something readable comes out, in bounded time.

The standard library's older policy is used on purpose: the newer one parses headers as grammar and
raises its own errors on what robots and attackers send. Pure: knows no database.
"""

import codecs
import email
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses

from support.mailroom.letters import LOOP_HEADER, one_line
from support.mailroom.plain_text import from_html
from support.mailroom.threads import bare_address, can_be_taken_apart

#: A letter past this is not taken apart: its headers alone are read.
LETTER_BYTES_MAX = 25 * 1024 * 1024
HEADER_BYTES_MAX = 256 * 1024
PARTS_MAX = 200
FILES_MAX = 30
TEXT_BYTES_MAX = 1024 * 1024
#: Of each header of a letter and of its parts: past what any program of people's writes.
HEADER_CHARS_MAX = 20_000
PART_HEADER_CHARS_MAX = 2000
_FALLBACK = ("utf-8", "cp1251")
#: Decoding these takes the square of the length; they are no charsets of letters.
_SLOW = frozenset({"punycode", "idna"})
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_ROBOT_NAMES = re.compile(
    r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|listserv|majordomo)([+.\-=].*)?",
    re.IGNORECASE,
)
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_LIST_HEADERS = ("List-Id", "List-Post", "List-Unsubscribe", "List-Help")


class UnreadableError(ValueError):
    """Nothing can be made of these bytes but their headers, if that."""


class _Bounded(Compat32):
    """The older policy, with headers of a length that its own decoders take at once."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        is_parts = name.lower().startswith("content-")
        return name, value[: PART_HEADER_CHARS_MAX if is_parts else HEADER_CHARS_MAX]


_POLICY = _Bounded()


@dataclass(frozen=True)
class EnclosedFile:
    """A file of a letter as it was sent: nothing of it is believed yet."""

    name: str
    data: bytes


@dataclass(frozen=True)
class IncomingLetter:
    """What a letter says. `robot` is why nobody must answer it (RFC 3834), empty for a person's.

    `remarks` tell staff what was left out.
    """

    sender: str = ""
    sender_name: str = ""
    recipients: Sequence[str] = ()
    subject: str = ""
    message_id: str = ""
    references: Sequence[str] = ()
    text: str = ""
    files: Sequence[EnclosedFile] = field(default=(), repr=False)
    robot: str = ""
    is_whole: bool = True
    remarks: Sequence[str] = ()


def parse(raw: bytes, own_address: str) -> IncomingLetter:
    """The letter in these bytes; raises UnreadableError when they are none."""
    whole = len(raw) <= LETTER_BYTES_MAX
    data = raw if whole else headers_of(raw)
    try:
        message = email.message_from_bytes(data, policy=_POLICY)
        return _letter(message, own_address, whole=whole)
    except (RecursionError, ValueError, LookupError, TypeError, AssertionError) as error:
        # Parts within parts without end, and what else the library stumbles over.
        if not whole:
            raise UnreadableError(type(error).__name__) from error
        return _headers_alone(raw, own_address, type(error).__name__)


def headers_of(raw: bytes) -> bytes:
    """The headers of a letter, to a sane length."""
    head = raw[:HEADER_BYTES_MAX]
    end = _HEADERS_END.search(head)
    return head[: end.start()] if end else head


def _headers_alone(raw: bytes, own_address: str, reason: str) -> IncomingLetter:
    try:
        message = email.message_from_bytes(headers_of(raw), policy=_POLICY)
        found = _letter(message, own_address, whole=False)
    except (RecursionError, ValueError, LookupError, TypeError, AssertionError) as error:
        raise UnreadableError(reason) from error
    if not found.sender:
        raise UnreadableError(reason)
    return found


def _letter(message: Message, own_address: str, *, whole: bool) -> IncomingLetter:
    sender_name, sender = _person(message)
    remarks: list[str] = []
    parts = _parts(message, remarks) if whole else []
    text = _text(parts)
    return IncomingLetter(
        sender=sender,
        sender_name=one_line(sender_name, 120),
        recipients=_recipients(message),
        subject=one_line(_header(message, "Subject")),
        message_id=one_line(_header(message, "Message-ID"), 500),
        references=[
            _header(message, "References")[:HEADER_CHARS_MAX],
            _header(message, "In-Reply-To")[:2000],
        ],
        text=text,
        files=_files(parts, remarks),
        robot=_robot(message, sender, own_address),
        is_whole=whole,
        remarks=tuple(remarks),
    )


def _robot(message: Message, sender: str, own_address: str) -> str:
    """Why this is no person's letter; empty where it is one."""
    auto = _header(message, "Auto-Submitted").lower().partition(";")[0].strip()
    returns = message.get("Return-Path")
    local, _at, domain = sender.partition("@")
    own_local, _at, own_domain = own_address.lower().partition("@")
    signs = {
        "Auto-Submitted": auto not in {"", "no"},
        LOOP_HEADER: message.get(LOOP_HEADER) is not None,
        "Return-Path": returns is not None and "@" not in str(returns),
        "Precedence": _header(message, "Precedence").lower().strip() in _BULK,
        "List-Id": any(message.get(name) is not None for name in _LIST_HEADERS),
        "multipart/report": message.get_content_type() == "multipart/report",
        "own address": domain == own_domain and local.partition("+")[0] == own_local,
        "robot's address": bool(_ROBOT_NAMES.fullmatch(local)),
    }
    return next((sign for sign, found in signs.items() if found), "")


def _person(message: Message) -> tuple[str, str]:
    """The name and the address in From; a person may have left them strange."""
    text = one_line(_header(message, "From"), 1000)
    for name, address in getaddresses([text]) if can_be_taken_apart(text) else ():
        plain = bare_address(address)
        if plain:
            return name, plain
    found = re.search(r"[^\s<>\"(),;:]{1,64}@[^\s<>\"(),;:]{1,189}", text)
    return "", bare_address(found[0]) if found else ""


def _recipients(message: Message) -> Sequence[str]:
    names = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
    return [_header(message, name)[:4000] for name in names]


def _parts(message: Message, remarks: list[str]) -> Sequence[Message]:
    """The leaves of a letter, so many and no more."""
    found: list[Message] = []
    for part in _walked(message):
        if len(found) == PARTS_MAX:
            remarks.append(f"> {PARTS_MAX} parts")
            break
        found.append(part)
    return found


def _walked(message: Message) -> Iterator[Message]:
    """The leaves in order, without the depth of a call for each level."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list):
            waiting += [child for child in reversed(children) if isinstance(child, Message)]
        else:
            yield part


def _text(parts: Sequence[Message]) -> str:
    """The first plain text, else the words of the first web page."""
    for wanted in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == wanted and not _is_file(part):
                text = _decoded(_bytes(part)[:TEXT_BYTES_MAX], part.get_content_charset("utf-8"))
                plain = from_html(text) if wanted == "text/html" else text
                if plain.strip():
                    return plain.replace("\r\n", "\n")
    return ""


def _files(parts: Sequence[Message], remarks: list[str]) -> Sequence[EnclosedFile]:
    found: list[EnclosedFile] = []
    for part in parts:
        if not _is_file(part):
            continue
        data = _bytes(part)
        if not data:
            continue
        if len(found) == FILES_MAX:
            remarks.append(f"> {FILES_MAX} files")
            break
        found.append(EnclosedFile(_file_name(part), data))
    return found


def _is_file(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or _file_name(part, ""):
        return True
    return part.get_content_maintype() != "text"


def _file_name(part: Message, default: str = "file") -> str:
    try:
        name = part.get_filename(default)
    except (ValueError, LookupError, TypeError, AttributeError):
        return default
    return one_line(_words(str(name)), 200) or default


def _bytes(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError):
        return b""
    return payload if isinstance(payload, bytes) else b""


def _header(message: Message, name: str) -> str:
    """A header's text in whatever charset it came, encoded or raw; empty where there is none."""
    for known, value in message.raw_items():
        if known.lower() == name.lower():
            raw = str(value).encode("utf-8", "surrogateescape")[:HEADER_CHARS_MAX]
            return _words(_decoded(raw, "utf-8"))
    return ""


def _words(text: str) -> str:
    """=?koi8-r?B?…?= as words; what cannot be decoded stays as it is."""
    if "=?" not in text:
        return text
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError, LookupError):
        return text
    return "".join(
        _decoded(part, charset or "ascii") if isinstance(part, bytes) else part
        for part, charset in parts
    )


def _decoded(data: bytes, charset: str) -> str:
    """The text in the charset it says, else in one of those that Russian programs use."""
    for name in (charset, *_FALLBACK):
        try:
            if codecs.lookup(name).name not in _SLOW:
                return data.decode(name)
        except (LookupError, ValueError):
            continue
    return data.decode("utf-8", "replace")
