"""Tables of deliveries: a phone on its way here or back, a parcel that nobody can name."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime
from support.cases.vocabulary import Direction, Payer
from support.phrases import Phrase


class Shipment(Base):
    """D-1, D-3: one delivery of a phone, who pays for it, and how it is followed."""

    __tablename__ = "repair_shipment"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("repair_unit.id"), index=True)
    direction: Mapped[Direction] = mapped_column(Text)
    payer: Mapped[Payer] = mapped_column(Text)
    payer_reason: Mapped[str] = mapped_column(Text)
    carrier: Mapped[str] = mapped_column(Text)
    tracking: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(Text)

    @property
    def paid_by(self) -> Phrase:
        return Payer(self.payer).phrase


class Parcel(Base):
    """D-6: a parcel that came without an act or number, until it is matched or sent back.

    The repair's term counts from `arrived_at`, also while nobody knows whose it is (R-2, R-3).
    """

    __tablename__ = "unidentified_parcel"

    id: Mapped[int] = mapped_column(primary_key=True)
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_by: Mapped[str] = mapped_column(Text)
    centre: Mapped[str] = mapped_column(Text)
    serial: Mapped[str] = mapped_column(Text, index=True)
    carrier: Mapped[str] = mapped_column(Text)
    tracking: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("repair_unit.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(Text)
    refused: Mapped[str] = mapped_column(Text, default="")

    @property
    def subject(self) -> str:
        """The parcel's name in the audit trail."""
        return f"parcel:{self.id}"
