"""What the mailroom holds of people: letters that came, and letters that went out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from storage.blob_keeping import blob_models
from storage.installation import Installation
from storage.people import Held, Holder, Mention, Person, StoredFile
from support.mailroom.models import IncomingMail, MailState, OutgoingMail

CAME, WENT = "letter-in", "letter-out"
_AT_ONCE = 500


def forget_about(session: Session, subject: str) -> None:
    """Delete the letters of ours about a thing and its parts, sent or not."""
    about = or_(OutgoingMail.about == subject, OutgoingMail.about.startswith(f"{subject}/"))
    session.execute(delete(OutgoingMail).where(about))


def forget_of_request(session: Session, number: int) -> Sequence[str]:
    """Empty the letters that belong to a request; the names of their bytes."""
    query = select(IncomingMail).where(IncomingMail.request_id == number, IncomingMail.is_kept)
    rows = session.scalars(query).all()
    for row in rows:
        _empty(session, row)
    return [row.raw_sha256 for row in rows]


def of_request(session: Session, number: int, asker: str) -> Sequence[StoredFile]:
    """The bytes of the letters that belong to a request; who asked is handed out their own."""
    query = select(IncomingMail).where(IncomingMail.request_id == number, IncomingMail.is_kept)
    return [
        replace(_file(row), is_theirs=row.sender.lower() == asker.lower())
        for row in session.scalars(query)
    ]


def raw_of(session: Session, who: Person) -> Sequence[str]:
    """The hashes of the letters that a person sent."""
    query = select(IncomingMail.raw_sha256).where(IncomingMail.sender.in_(who.emails))
    return session.scalars(query).all()


def drop_bytes(session: Session, row: IncomingMail) -> str:
    """Keep the letter's line and not its bytes any more; their name, to be discarded."""
    row.is_kept = False
    blob_models.release(session, row.owner)
    session.flush()
    return row.raw_sha256


def _mentions(session: Session) -> Iterable[Mention]:
    for column in (IncomingMail.sender, OutgoingMail.recipient):
        for address in session.scalars(select(column).where(column != "").distinct()):
            yield Mention(email=address.lower())


def _find(session: Session, who: Person) -> Sequence[Held]:
    came = select(IncomingMail).where(IncomingMail.sender.in_(who.emails)).order_by(IncomingMail.id)
    went = select(OutgoingMail).where(OutgoingMail.recipient.in_(who.emails))
    return [
        *(_came(row) for row in session.scalars(came)),
        *(_went(row) for row in session.scalars(went.order_by(OutgoingMail.id))),
    ]


def _expired(session: Session, category: str, before: datetime) -> Sequence[Held]:
    if category == CAME:
        came = select(IncomingMail).where(IncomingMail.received_at < before, IncomingMail.is_kept)
        return [_came(row) for row in session.scalars(came.order_by(IncomingMail.id).limit(500))]
    went = select(OutgoingMail).where(
        OutgoingMail.created_at < before, OutgoingMail.state != MailState.WAITING
    )
    return [_went(row) for row in session.scalars(went.order_by(OutgoingMail.id).limit(_AT_ONCE))]


def _erase(session: Session, _installation: Installation, held: Held, _now: datetime) -> None:
    if held.category == WENT:
        session.execute(delete(OutgoingMail).where(OutgoingMail.id == held.key))
        return
    _empty(session, session.get_one(IncomingMail, held.key))


def _empty(session: Session, row: IncomingMail) -> None:
    """Only the hash stays, by which the mailbox's copy is not taken in again."""
    row.sender = row.subject = row.message_id = row.remark = ""
    drop_bytes(session, row)


def _came(row: IncomingMail) -> Held:
    says = {"sender": row.sender, "subject": row.subject, "bytes": row.size}
    at, files = row.received_at, [_file(row)] if row.is_kept else []
    return Held(CAME, f"letter:{row.id}", row.id, at, at, says, files)


def _went(row: OutgoingMail) -> Held:
    says = {"recipient": row.recipient, "subject": row.subject, "text": row.text}
    over = None if row.state == MailState.WAITING else row.created_at
    return Held(WENT, f"outgoing-letter:{row.id}", row.id, row.created_at, over, says)


def _file(row: IncomingMail) -> StoredFile:
    return StoredFile(f"letter-{row.id}.eml", row.raw_sha256)


HOLDER = Holder(frozenset({CAME, WENT}), _mentions, _find, _expired, _erase)
