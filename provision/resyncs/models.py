"""The tables of resyncs: who was asked to fetch again, and what came of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from provision.resyncs.vocabulary import ResyncState, Scope, TargetState
from storage.db import Base, UtcDateTime


class Resync(Base):
    """One request to some phones. `about` names the MACs, the site or the rollout's number.

    `group_number` counts from 1, as people see it; empty is the whole rollout. `owner` is the
    process that carries it out (jobs/owners.py); empty where a job does.
    """

    __tablename__ = "resync"

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[Scope] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    group_number: Mapped[int | None]
    reboot: Mapped[bool]
    rate: Mapped[int]
    state: Mapped[ResyncState] = mapped_column(Text)
    started_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(Text)

    @property
    def subject(self) -> str:
        """The resync's name in the audit trail."""
        return f"resync:{self.id}"


class ResyncTarget(Base):
    """One phone of a resync: where it was asked, and what it answered in its own words."""

    __tablename__ = "resync_target"
    __table_args__ = (
        Index("ix_resync_target_device_id", "device_id"),
        Index("ix_resync_target_resync_id_state", "resync_id", "state"),
    )

    resync_id: Mapped[int] = mapped_column(ForeignKey("resync.id"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    state: Mapped[TargetState] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    status: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    sent: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
