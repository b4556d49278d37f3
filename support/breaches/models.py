"""Tables: leaks, what the authority was told, and of which clocks the team was told."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.db import Base, UtcDateTime
from support.breaches.clock import Notice


class Breach(Base):
    """One leak; its clocks count from `found_at`. The texts are staff's own."""

    __tablename__ = "breach"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[str] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)
    people: Mapped[int | None]
    cause: Mapped[str] = mapped_column(Text)
    harm: Mapped[str] = mapped_column(Text)
    measures: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text)
    registered_by: Mapped[str] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    reminded_first: Mapped[int] = mapped_column(default=0)
    reminded_result: Mapped[int] = mapped_column(default=0)

    notices: Mapped[list["BreachNotice"]] = relationship(
        lazy="selectin", order_by="BreachNotice.told_at"
    )

    @property
    def subject(self) -> str:
        """The leak's name in the audit trail."""
        return f"breach:{self.id}"


class BreachNotice(Base):
    """What the authority was told, when, how, and by which number it is known there."""

    __tablename__ = "breach_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    breach_id: Mapped[int] = mapped_column(ForeignKey("breach.id"), index=True)
    notice: Mapped[Notice] = mapped_column(Text)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def kind(self) -> Notice:
        """The notice as a word with its phrase: the row holds its text."""
        return Notice(self.notice)
