"""Table: which phone was given in place of which."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provision.models import Device
from storage.db import Base, UtcDateTime
from support.replacements.policy import ReplacementPolicy


class Replacement(Base):
    """W-8: a phone is replaced once, and is given in place of one other.

    `root_handover` is the handover of the first phone of the chain; `reference` names the repair.
    """

    __tablename__ = "replacement"

    id: Mapped[int] = mapped_column(primary_key=True)
    old_device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), unique=True)
    new_device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), unique=True)
    given_on: Mapped[date]
    policy: Mapped[ReplacementPolicy] = mapped_column(Text)
    root_handover: Mapped[date | None]
    reference: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    old: Mapped[Device] = relationship(foreign_keys=[old_device_id], lazy="joined")
    new: Mapped[Device] = relationship(foreign_keys=[new_device_id], lazy="joined")
