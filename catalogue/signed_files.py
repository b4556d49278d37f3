"""Published texts with their signatures: replaced whole, in the transaction that changes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.mirrors import mode
from catalogue.models import SignedFile
from catalogue.phone_manifest import SignedFile as SignedBytes
from storage.refusals import NotFoundError

#: What is carried behind an air gap on any day is believed there for 180 days more by phones too,
#: as long as TUF's files of the air gap are.
LIFETIME = timedelta(days=210)
RENEW_AFTER = timedelta(days=30)
JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain; charset=utf-8"


class UnknownSignedFileError(NotFoundError):
    code = "unknown-signed-file"
    ru = "Такого списка нет."
    en = "There is no such list."


@dataclass(frozen=True)
class Edition:
    """The number and dates a signed file carries."""

    serial: int
    issued_at: datetime
    expires_at: datetime


def replace(
    session: Session,
    path: str,
    make: Callable[[Edition], SignedBytes],
    *,
    content_type: str,
    now: datetime,
) -> None:
    """Store what `make` gives for the next serial as the file at `path`.

    The serial is at least the time in seconds, so that it also rises after the database was
    restored from a backup: phones refuse a serial lower than one they have seen.
    """
    mode.refuse_publishing(session)
    stored = session.get(SignedFile, path, with_for_update=True)
    serial = max(int(now.timestamp()), stored.serial + 1 if stored else 0)
    edition = Edition(serial, now.replace(microsecond=0), now.replace(microsecond=0) + LIFETIME)
    made = make(edition)
    if stored is None:
        stored = SignedFile(path=path)
        session.add(stored)
    stored.body = made.body
    stored.signature = made.signature
    stored.content_type = content_type
    stored.serial = serial
    stored.issued_at = edition.issued_at
    stored.expires_at = edition.expires_at


def get(session: Session, path: str) -> SignedFile:
    """The file at `path`; raises UnknownSignedFileError."""
    found = session.get(SignedFile, path)
    if found is None:
        raise UnknownSignedFileError
    return found


def every(session: Session) -> Sequence[SignedFile]:
    """All files, by path."""
    return session.scalars(select(SignedFile).order_by(SignedFile.path)).all()


def ageing(session: Session, now: datetime) -> bool:
    """Whether some file is old enough to be signed again."""
    if mode.of(session) is not None:
        return False
    due = select(SignedFile.path).where(SignedFile.expires_at < renewed_before(now))
    return session.scalar(due.limit(1)) is not None


def renewed_before(now: datetime) -> datetime:
    """Files that expire earlier than this are signed again."""
    return now + LIFETIME - RENEW_AFTER
