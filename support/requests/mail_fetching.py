"""Visits the mailbox of the settings: each new letter once, and how far it is read is kept."""

from datetime import datetime
from io import BytesIO

import structlog

from storage.installation import Installation
from support.mailroom import imap, parsing
from support.mailroom.imap import Fetched, MailboxError, Position
from support.mailroom.models import MailboxPosition
from support.mailroom.options import MailOptions, Server
from support.requests import by_mail

_log = structlog.get_logger(__name__)


def fetch(installation: Installation, now: datetime) -> int:
    """Take in what is new; how many letters. A mailbox that is away is told of and tried again."""
    server = installation.option(MailOptions).incoming
    if server is None:
        return 0
    taken = 0
    try:
        since = _position(installation, server)
        for fetched in imap.new_letters(server, since, parsing.LETTER_BYTES_MAX):
            _take(installation, fetched, now)
            _move(installation, server, fetched.position, now)
            taken += 1
    except MailboxError as error:
        _log.warning("mailbox-unreadable", error=str(error))
        _note_error(installation, server, str(error), now)
    return taken


def _take(installation: Installation, fetched: Fetched, now: datetime) -> None:
    # The position moves on after the letter is stored: killed in between, it is known by its bytes.
    raw = BytesIO(fetched.raw)
    by_mail.receive(installation, raw, now, whole=fetched.is_whole)


def _position(installation: Installation, server: Server) -> Position | None:
    with installation.database.reading() as session:
        row = session.get(MailboxPosition, _name(server))
        return Position(row.validity, row.last_uid) if row and row.validity else None


def _move(installation: Installation, server: Server, to: Position, now: datetime) -> None:
    with installation.database.writing() as session:
        row = MailboxPosition(
            mailbox=_name(server), validity=to.validity, last_uid=to.last_uid, read_at=now, error=""
        )
        session.merge(row)


def _note_error(installation: Installation, server: Server, error: str, now: datetime) -> None:
    known = _position(installation, server) or Position(0, 0)
    with installation.database.writing() as session:
        row = MailboxPosition(
            mailbox=_name(server), validity=known.validity, last_uid=known.last_uid,
            read_at=now, error=error,
        )  # fmt: skip
        session.merge(row)


def _name(server: Server) -> str:
    return f"{server.user}@{server.host}:{server.port}/{server.folder}"
