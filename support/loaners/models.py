"""Tables: the phones of the pool, and their loans."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provision.models import Device
from storage.db import Base, UtcDateTime
from support.cases.models import RepairUnit


class LoanerUnit(Base):
    """A phone of the pool. `value` in roubles is what is owed for one that never comes back."""

    __tablename__ = "loaner_unit"
    __table_args__ = (CheckConstraint("value >= 0", name="value_from_0"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), unique=True)
    value: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    in_service: Mapped[bool] = mapped_column(default=False)
    lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    device: Mapped[Device] = relationship(lazy="joined")


class Loan(Base):
    """One loan, from its reservation to the day the phone was wiped.

    `ended_at` is set when the loaner is back and wiped, lost, or never handed out.
    """

    __tablename__ = "loan"

    id: Mapped[int] = mapped_column(primary_key=True)
    loaner_id: Mapped[int] = mapped_column(ForeignKey("loaner_unit.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("repair_unit.id"), index=True)
    right: Mapped[str] = mapped_column("entitled_by", Text)
    reserved_by: Mapped[str] = mapped_column(Text)
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handed_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_on: Mapped[date | None]
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wiped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    loaner: Mapped[LoanerUnit] = relationship(lazy="joined")
    unit: Mapped[RepairUnit] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The loan's name in the audit trail."""
        return f"loan:{self.id}"
