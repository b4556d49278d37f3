"""The tables of rollouts. Everything that a rollout needs to go on after a crash stands here."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Site
from catalogue.models import Product
from provision.devices.models import Device
from provision.rollouts.vocabulary import GroupState, Reason, RolloutState, TargetState
from storage.db import Base, UtcDateTime

__all__ = ["Device", "Rollout", "RolloutGroup", "RolloutTarget"]


class Rollout(Base):
    """One release on its way to phones. Percents are of a group; times of day are in minutes.

    While any rollout of a version exists, phones get that version through rollouts alone.
    """

    __tablename__ = "rollout"
    __table_args__ = (
        CheckConstraint("(window_from IS NULL) = (window_to IS NULL)", name="window_is_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    version: Mapped[str] = mapped_column(Text)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    salt: Mapped[str] = mapped_column(Text)
    state: Mapped[RolloutState] = mapped_column(Text, index=True)
    stop_percent: Mapped[float]
    pass_percent: Mapped[float]
    deadline_s: Mapped[int]
    settle_s: Mapped[int]
    window_from: Mapped[int | None]
    window_to: Mapped[int | None]
    asks_approval: Mapped[bool]
    stopped_because: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    product: Mapped[Product] = relationship(lazy="joined")
    site: Mapped[Site | None] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The rollout's name in the audit trail."""
        return f"rollout:{self.id}"


class RolloutGroup(Base):
    """One group of phones; `wave` is how people wrote it, empty for all the others.

    `forgiven` counts the failures that a person saw when the rollout was let go on.
    """

    __tablename__ = "rollout_group"

    rollout_id: Mapped[int] = mapped_column(ForeignKey("rollout.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    wave: Mapped[str] = mapped_column(Text)
    state: Mapped[GroupState] = mapped_column(Text)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    passed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    forgiven: Mapped[int] = mapped_column(default=0)


class RolloutTarget(Base):
    """One phone of a rollout, in one group of it."""

    __tablename__ = "rollout_target"
    __table_args__ = (
        Index("ix_rollout_target_group", "rollout_id", "group_number", "state"),
        Index("ix_rollout_target_device_id", "device_id"),
    )

    rollout_id: Mapped[int] = mapped_column(ForeignKey("rollout.id"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    group_number: Mapped[int]
    state: Mapped[TargetState] = mapped_column(Text)
    reason: Mapped[Reason | None] = mapped_column(Text)
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
