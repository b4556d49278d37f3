"""The tables of diagnosis: what was asked and found, and which release mends what."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime


class Diagnosis(Base):
    """One diagnosis. `finished_at` is empty while the phone is still being asked.

    `step` is how far it is; `report` holds facts, failures and findings as they were then.
    """

    __tablename__ = "diagnosis"
    __table_args__ = (Index("ix_diagnosis_device_id_asked_at", "device_id", "asked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[str] = mapped_column(Text)
    step: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class FirmwareFix(Base):
    """That a finding of a product is mended from a version on, in the makers' words."""

    __tablename__ = "firmware_fix"
    __table_args__ = (UniqueConstraint("product_id", "code", "fixed_in"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    code: Mapped[str] = mapped_column(Text)
    fixed_in: Mapped[str] = mapped_column(String(16))
    text_ru: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
