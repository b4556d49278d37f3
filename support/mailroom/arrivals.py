"""The letters that came, for people: what became of each, and its bytes."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.refusals import NotFoundError
from support.mailroom.models import Fate, IncomingMail, MailboxPosition


class UnknownLetterError(NotFoundError):
    code = "unknown-letter"
    ru = "Такого письма нет."
    en = "There is no such letter."


def latest(session: Session, limit: int, fate: Fate | None = None) -> Sequence[IncomingMail]:
    """The newest letters first, of one fate or of all."""
    query = select(IncomingMail).order_by(IncomingMail.id.desc()).limit(limit)
    if fate is not None:
        query = query.where(IncomingMail.fate == fate)
    return session.scalars(query).all()


def of_request(session: Session, number: int) -> Sequence[IncomingMail]:
    """The letters that belong to a request, in order."""
    query = select(IncomingMail).where(IncomingMail.request_id == number)
    return session.scalars(query.order_by(IncomingMail.id)).all()


def get(session: Session, mail_id: int) -> IncomingMail:
    """The letter of this number; raises UnknownLetterError."""
    found = session.get(IncomingMail, mail_id)
    if found is None:
        raise UnknownLetterError
    return found


def mailboxes(session: Session) -> Sequence[MailboxPosition]:
    """The mailboxes that were visited, with what went wrong at the last visit."""
    return session.scalars(select(MailboxPosition).order_by(MailboxPosition.mailbox)).all()
