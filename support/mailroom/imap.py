"""Reads new letters from a mailbox, in order, and changes nothing in it."""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.mailroom.options import Server

TIMEOUT_S = 30.0
#: So many letters in one visit; the next visit goes on.
BATCH = 50
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxError(Exception):
    """The mailbox cannot be read now; its text holds no password."""


@dataclass(frozen=True)
class Position:
    """How far a mailbox is read: UIDs hold only within one UIDVALIDITY (RFC 3501)."""

    validity: int
    last_uid: int


@dataclass(frozen=True)
class Fetched:
    """One letter: its bytes, or its headers alone when it is larger than `limit`."""

    position: Position
    raw: bytes
    size: int
    is_whole: bool


def new_letters(server: Server, since: Position | None, limit: int) -> Iterator[Fetched]:
    """The letters after a position, the oldest first; raises MailboxError.

    A mailbox made anew has another UIDVALIDITY and is read from its start: what was taken in before
    is known by its bytes.
    """
    try:
        with _connected(server) as connection:
            _good(connection.select(_quoted(server.folder), readonly=True))
            validity = int(connection.response("UIDVALIDITY")[1][0] or 0)
            first = since.last_uid + 1 if since and since.validity == validity else 1
            for uid in _uids(connection, first)[:BATCH]:
                yield _fetch(connection, uid, validity, limit)
    except (imaplib.IMAP4.error, OSError, ValueError, TypeError) as error:
        raise MailboxError(_told(error)) from error


def _uids(connection: imaplib.IMAP4, first: int) -> list[int]:
    found = _good(connection.uid("SEARCH", "UID", f"{first}:*"))
    # «n:*» names the last letter even where its UID is below n.
    return sorted(uid for uid in map(int, (found[0] or b"").split()) if uid >= first)


def _fetch(connection: imaplib.IMAP4, uid: int, validity: int, limit: int) -> Fetched:
    told = _good(connection.uid("FETCH", str(uid), "(RFC822.SIZE)"))
    found = _SIZE.search(told[0] if isinstance(told[0], bytes) else b"")
    size = int(found[1]) if found else 0
    whole = size <= limit
    part = "(BODY.PEEK[])" if whole else "(BODY.PEEK[HEADER])"
    answer = _good(connection.uid("FETCH", str(uid), part))
    raw: bytes = next((one[1] for one in answer if isinstance(one, tuple)), b"")
    return Fetched(Position(validity, uid), raw, size or len(raw), whole)


def _good(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise MailboxError(f"{status} {data[0]!r}"[:300])
    return data


@contextlib.contextmanager
def _connected(server: Server) -> Iterator[imaplib.IMAP4]:
    if server.scheme == "imaps":
        context = ssl.create_default_context()
        connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            server.host, server.port, ssl_context=context, timeout=TIMEOUT_S
        )
    else:
        connection = imaplib.IMAP4(server.host, server.port, timeout=TIMEOUT_S)
    try:
        connection.login(server.user, server.password)
        yield connection
    finally:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            connection.logout()


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _told(error: Exception) -> str:
    """The server's own words; a client library never puts the password into its errors."""
    return f"{type(error).__name__}: {error}"[:300]
