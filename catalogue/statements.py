"""Statements for phones that wait for the firmware key, which people keep away from this server."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue import minisign
from catalogue.minisign import PublicKey
from catalogue.models import Statement
from storage.refusals import NotFoundError


class UnknownStatementError(NotFoundError):
    code = "unknown-statement"
    ru = "Заявление о файле {path} подписи не ждёт."
    en = "No statement about {path} waits for a signature."


def wait(session: Session, path: str, text: str) -> None:
    """Keep what the firmware key has to sign before the target at `path` may be listed."""
    session.add(Statement(path=path, text=text))
    session.flush()


def waiting(session: Session) -> Sequence[Statement]:
    """The statements that nobody has signed, by path."""
    query = select(Statement).where(Statement.signature.is_(None))
    return session.scalars(query.order_by(Statement.path)).all()


def sign(session: Session, path: str, signature: str, key: PublicKey) -> None:
    """Take a minisign signature over the waiting text.

    Raises UnknownStatementError, or what minisign.verify raises.
    """
    statement = session.get(Statement, path)
    if statement is None:
        raise UnknownStatementError(path=path)
    minisign.verify(statement.text.encode(), signature, key)
    statement.signature = signature


def signature_of(session: Session, path: str) -> str | None:
    """The signature that came for a target, or None when none was waited for."""
    statement = session.get(Statement, path)
    return statement.signature if statement else None
