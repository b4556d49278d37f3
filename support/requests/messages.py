"""One message of a request: its words made plain, stored once, with its files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.installation import Installation
from support.attachments.content import Accepted
from support.requests import taking_files
from support.requests.models import RequestMessage, SupportRequest
from support.requests.refused import MessageTextError
from support.requests.vocabulary import Author

TEXT_MAX = 20_000


@dataclass(frozen=True)
class Text:
    """What somebody writes: the words, what a letter quoted below them, and files already checked.

    `remark` tells staff what was left out or is odd about it.
    """

    words: str
    quoted: str = ""
    remark: str = ""
    files: Sequence[Accepted] = field(default=())


def add(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    text: Text,
    *,
    author: Author,
    author_name: str,
    form_key: str,
    at: datetime,
    sender: str,
    is_public: bool = True,
) -> RequestMessage:
    """Store a message with its files; the same `form_key` twice is one message."""
    known = same(session, request, form_key)
    if known is not None:
        return known
    taking_files.check(session, text.files, sender, at)
    message = RequestMessage(
        request_id=request.id,
        form_key=form_key,
        at=at,
        author=author,
        author_name=author_name[:200],
        is_public=is_public,
        text=clean(text.words),
        quoted=_plain(text.quoted)[:TEXT_MAX],
        remark=text.remark[:2000],
    )
    session.add(message)
    session.flush()
    for file in text.files:
        taking_files.keep(session, installation.blobs, message, file, sender, at)
    session.refresh(message, ["attachments"])
    return message


def same(session: Session, request: SupportRequest, form_key: str) -> RequestMessage | None:
    """The message that this form has stored already, if any."""
    return session.scalar(
        select(RequestMessage).where(
            RequestMessage.request_id == request.id, RequestMessage.form_key == form_key
        )
    )


def clean(words: str) -> str:
    """The words without control characters; raises MessageTextError for none or too many."""
    plain = _plain(words).strip()
    if not 0 < len(plain) <= TEXT_MAX:
        raise MessageTextError(limit=TEXT_MAX)
    return plain


def _plain(words: str) -> str:
    """Nothing that a terminal or a page would act on: no control, no direction marks."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    return "\n".join("".join(char for char in line if char.isprintable()) for line in lines)
