"""Tables: consents, acts of erasure, exports for the people concerned, and terms that staff set."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime


class Consent(Base):
    """One person's consent: a record of its own, never a part of another agreement.

    `email` names the person in lower case; it is emptied when the person's data are erased.
    `term_days` are the days after the end of the case that its text told of; `expired_at` is when
    they were over.
    """

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Text, index=True)
    purpose: Mapped[str] = mapped_column(Text)
    text_version: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    term_days: Mapped[int | None]
    expired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, by the person's wish or by its term."""
        return self.withdrawn_at or self.expired_at


class ErasureAct(Base):
    """One destruction of personal data: why, what, how much, by whom. It names no person.

    `person` are keyed hashes of what named the person, so that a restored backup is searched for
    them. `log` is the export of events that goes with the act (order 179 of Roskomnadzor,
    28.10.2022): what was erased and what was kept until when, by classes and case numbers.
    """

    __tablename__ = "erasure_act"

    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    erased_by: Mapped[str] = mapped_column(Text)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    log: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    @property
    def subject(self) -> str:
        """The act's name in the audit trail."""
        return f"erasure:{self.id}"


class SubjectExport(Base):
    """Everything that is held of one person, packed for that person until `expires_at`.

    `person` holds the person's keys as ErasureAct does.
    """

    __tablename__ = "subject_export"

    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def subject(self) -> str:
        """The export's name in the audit trail."""
        return f"personal-data-export:{self.id}"

    @property
    def owner(self) -> str:
        """Who needs its bytes, for the store of blobs."""
        return f"support.subject_export:{self.id}"


class RetentionTerm(Base):
    """For how many days staff keep a class of personal data, where not as the register says."""

    __tablename__ = "retention_term"
    __table_args__ = (CheckConstraint("days > 0", name="days_positive"),)

    category: Mapped[str] = mapped_column(Text, primary_key=True)
    days: Mapped[int]
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
