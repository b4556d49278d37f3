"""Table: what a person asked of their own data, and how it was answered."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime
from support.subject_requests.vocabulary import Channel, Kind, Outcome


class SubjectRequest(Base):
    """One request. The clock counts from `came_at`, and stops with `answered_at`.

    `request_id` is the support request by which it came. `reminded` is the last level of the clock
    that staff were told of.
    """

    __tablename__ = "subject_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[Kind] = mapped_column(Text)
    channel: Mapped[Channel] = mapped_column(Text)
    came_at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, index=True)
    phone: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("support_request.id"))
    registered_by: Mapped[str] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    extended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    extended_by: Mapped[str | None] = mapped_column(Text)
    extension_reason: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[Outcome | None] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    answered_by: Mapped[str | None] = mapped_column(Text)
    reminded: Mapped[int] = mapped_column(default=0)

    @property
    def subject(self) -> str:
        """The request's name in the audit trail."""
        return f"subject-request:{self.id}"

    @property
    def kind_now(self) -> Kind:
        """The kind as a word with its phrase: the row holds its text."""
        return Kind(self.kind)

    @property
    def came_by(self) -> Channel:
        return Channel(self.channel)

    @property
    def result(self) -> Outcome | None:
        return Outcome(self.outcome) if self.outcome else None
