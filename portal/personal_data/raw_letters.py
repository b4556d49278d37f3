"""The letters as they came (.eml) in which words came that are taken out of the texts.

The text of a letter stands in its request; the bytes are kept to show what was written exactly.
Where that names somebody who must not be named, they go, and the request keeps its text.
"""

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from support.mailroom import people
from support.mailroom.models import IncomingMail
from support.requests.models import RequestMessage, SupportRequest

CLASS = people.CAME
_MAIL_KEY = re.compile(r"(?:^|:)mail:([0-9a-f]{64})$", re.ASCII)


def drop(
    session: Session, places: Iterable[tuple[str, int]]
) -> tuple[list[dict[str, object]], list[str]]:
    """Drop the letters in which the texts at these places (column, key) came.

    The lines of the act, and the names of the bytes to discard.
    """
    lines: list[dict[str, object]] = []
    files: list[str] = []
    for column, key in places:
        row = _letter_of(session, column, key)
        if row is None:
            continue
        files.append(people.drop_bytes(session, row))
        place = {"subject": f"letter:{row.id}", "column": "incoming_mail.raw_sha256"}
        lines.append({"class": CLASS, **place, "files": 1, "done": "erased"})
    return lines, files


def _letter_of(session: Session, column: str, key: int) -> IncomingMail | None:
    """The letter that brought this text, while its bytes are kept."""
    table = column.partition(".")[0]
    if table == IncomingMail.__tablename__:
        row = session.get(IncomingMail, key)
        return row if row is not None and row.is_kept else None
    found = _MAIL_KEY.search(_key_of(session, table, key))
    if found is None:
        return None
    query = select(IncomingMail).where(IncomingMail.raw_sha256 == found[1], IncomingMail.is_kept)
    return session.scalar(query)


def _key_of(session: Session, table: str, key: int) -> str:
    """What a text that came by mail is known by: the hash of its letter is in it."""
    if table == RequestMessage.__tablename__:
        query = select(RequestMessage.form_key).where(RequestMessage.id == key)
    elif table == SupportRequest.__tablename__:
        query = select(SupportRequest.intake_key).where(SupportRequest.id == key)
    else:
        return ""
    return session.scalar(query) or ""
