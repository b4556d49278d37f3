"""Which request a letter belongs to: by our own token, which nobody can guess, and by nothing else.

The token stands in the Message-ID of what we send (so it comes back in References), in the address
that is answered to, and in the subject, as some programs strip the first or the second. A request's
number or a sender's name joins nothing: both can be guessed (S16).
"""

import re
import secrets
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
#: 31^20 is a little more than 2^99.
TOKEN_LENGTH = 20
_TOKEN = f"[{_ALPHABET}]{{{TOKEN_LENGTH}}}"
_IN_MESSAGE_ID = re.compile(rf"<r\.({_TOKEN})\.[0-9a-f]+@[^<>\s]+>", re.IGNORECASE)
_IN_ADDRESS = re.compile(rf"\+({_TOKEN})@", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\\[\]]{1,64}@[^\s@<>\"(),;:\\\[\]]{1,189}")
#: A comment or a group may lie in another without end, and the library goes down into each.
_NESTED_MAX = 10
_IN_SUBJECT = re.compile(rf"\[FP-\d+-({_TOKEN})\]", re.IGNORECASE)


def new_thread() -> str:
    """A token for a new request: lower-case, without letters that look alike."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(TOKEN_LENGTH))


def new_message_id(thread: str, domain: str) -> str:
    """A Message-ID of ours; one without a thread belongs to no request."""
    prefix = f"r.{thread}." if thread else "n."
    return f"<{prefix}{secrets.token_hex(8)}@{domain}>"


def answer_address(address: str, thread: str) -> str:
    """support@… as support+token@…; the plain address without a thread."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{thread}@{domain}" if thread else address


def subject_tag(number: int, thread: str) -> str:
    """What stands at the end of a subject: [FP-17-token]."""
    return f"[FP-{number}-{thread}]"


def without_tag(subject: str) -> str:
    """The subject as a person wrote it, without our tags and without a row of answer marks."""
    bare = re.sub(rf"\s*\[FP-\d+-{_TOKEN}\]", "", subject, flags=re.IGNORECASE)
    return re.sub(
        r"^(?:\s*(?:re|fwd?|aw|ответ|отв|пересл)\s*(?:\[\d+\])?\s*:)+",
        "",
        bare,
        flags=re.IGNORECASE,
    ).strip()


def threads_of(references: Iterable[str], recipients: Iterable[str], subject: str) -> list[str]:
    """Every token that a letter carries, the most trustworthy place first; each is to be looked up.

    `references` are the texts of References and In-Reply-To, which may hold many ids.
    """
    found = [token for text in references for token in _IN_MESSAGE_ID.findall(text)]
    found += [token for address in recipients for token in _IN_ADDRESS.findall(address)]
    found += _IN_SUBJECT.findall(subject)
    return list(dict.fromkeys(token.lower() for token in found))


def bare_address(text: str) -> str:
    """name@host in lower case from a header's text; empty where none can be written to."""
    if not text.strip().isprintable() or not can_be_taken_apart(text):
        return ""
    address = parseaddr(text)[1].strip().lower()
    return address if _ADDRESS.fullmatch(address) and _can_be_written_to(address) else ""


def can_be_taken_apart(text: str) -> bool:
    """Whether the library may look for addresses in it without going too deep."""
    return max(text.count("("), text.count(":")) <= _NESTED_MAX


def _can_be_written_to(address: str) -> bool:
    """Whether a letter of ours can name it: in ASCII, as not every server takes SMTPUTF8."""
    try:
        Address(addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        return False
    return address.isascii()
