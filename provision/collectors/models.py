"""The tables of collectors: who they are, and what they are sent to do."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Site
from storage.db import Base, UtcDateTime


class Collector(Base):
    """A reader at one site; its token is known by its SHA-256 alone."""

    __tablename__ = "collector"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_address: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    site: Mapped[Site] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """Its name in the audit trail."""
        return f"collector:{self.id}"


class Errand(Base):
    """One phone to be read at a site. No secret stands here: those are looked up at the claim.

    `answer` is what the collector handed back; an errand that nobody answered in time is stale.
    """

    __tablename__ = "errand"
    __table_args__ = (Index("ix_errand_site_id_claimed_at", "site_id", "claimed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    via: Mapped[str] = mapped_column(Text)
    port: Mapped[int | None]
    family: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    collector_id: Mapped[int | None] = mapped_column(ForeignKey("collector.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
