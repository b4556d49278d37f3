"""Tables: letters to send, letters that came, and how far each mailbox is read."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime
from support.phrases import Phrase


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class OutgoingMail(Base):
    """A letter, stored in the transaction that decided on it; a job sends it.

    `purpose` says what it is for ("request.acknowledged"), `about` what it is about
    ("request:17"). An automatic letter answers nobody and takes no answer (RFC 3834).
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (Index("ix_outgoing_mail_state_next_try_at", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(Text, index=True)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text, index=True)
    automatic: Mapped[bool]
    thread: Mapped[str] = mapped_column(Text, default="")
    in_reply_to: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[MailState] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")


class Fate(StrEnum):
    """What became of a letter that came."""

    REQUEST = "request"
    JOINED = "joined"
    AUTOMATIC = "automatic"
    FLOOD = "flood"
    UNREADABLE = "unreadable"

    @property
    def phrase(self) -> Phrase:
        return _FATES[self]


_FATES = {
    Fate.REQUEST: Phrase("новое обращение", "a new request"),
    Fate.JOINED: Phrase("ответ в обращении", "a word in a request"),
    Fate.AUTOMATIC: Phrase("автоматическое", "automatic"),
    Fate.FLOOD: Phrase("слишком много", "too many"),
    Fate.UNREADABLE: Phrase("нечитаемое", "unreadable"),
}


class IncomingMail(Base):
    """A letter that came: once, however often the mailbox shows it."""

    __tablename__ = "incoming_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    raw_sha256: Mapped[str] = mapped_column(Text, unique=True)
    message_id: Mapped[str] = mapped_column(Text)
    sender: Mapped[str] = mapped_column(Text, index=True)
    subject: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    #: Whether the raw bytes are kept as a blob; a letter past the limit stays in the mailbox.
    is_kept: Mapped[bool]
    fate: Mapped[Fate] = mapped_column(Text)
    remark: Mapped[str] = mapped_column(Text, default="")
    request_id: Mapped[int | None] = mapped_column(ForeignKey("support_request.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    @property
    def fate_now(self) -> Fate:
        """The fate as a word with its phrase: the row holds its text."""
        return Fate(self.fate)

    @property
    def owner(self) -> str:
        """Who needs its raw bytes, for the store of blobs."""
        return f"support.incoming_mail:{self.id}"


class MailboxPosition(Base):
    """How far a mailbox is read: everything up to `last_uid` of this UIDVALIDITY."""

    __tablename__ = "mailbox_position"

    mailbox: Mapped[str] = mapped_column(Text, primary_key=True)
    validity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")
