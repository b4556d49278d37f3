"""Tables: consents, and acts of erasure."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime


class Consent(Base):
    """One person's consent: a record of its own, never a part of another agreement.

    `email` names the person in lower case; it is emptied when the person's data are erased.
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


class ErasureAct(Base):
    """One destruction of personal data: why, what, how much, by whom. It names no person.

    `log` is the export of events that goes with the act (order 179 of Roskomnadzor, 28.10.2022).
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
