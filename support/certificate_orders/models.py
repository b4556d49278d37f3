"""Tables: orders of certificates, their phones, and the reminders that were sent."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.db import Base, UtcDateTime
from support.entitlements import EntitlementKind


class CertificateOrder(Base):
    """What a customer ordered; it becomes a certificate when staff note that it is paid.

    Its token opens the order's page: only the SHA-256 is stored.
    """

    __tablename__ = "certificate_order"
    __table_args__ = (CheckConstraint("months > 0", name="months_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    token_sha256: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[EntitlementKind] = mapped_column(Text)
    months: Mapped[int]
    buyer: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, index=True)
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pay_by: Mapped[date]
    paid_on: Mapped[date | None]
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    lines: Mapped[list["OrderLine"]] = relationship(lazy="selectin", order_by="OrderLine.serial")

    @property
    def subject(self) -> str:
        """The order's name in the audit trail."""
        return f"certificate-order:{self.id}"

    @property
    def gives(self) -> EntitlementKind:
        """What was ordered."""
        return EntitlementKind(self.kind)

    @property
    def serials(self) -> tuple[str, ...]:
        return tuple(line.serial for line in self.lines)


class OrderLine(Base):
    """C-4: a phone of an order, by its serial number."""

    __tablename__ = "certificate_order_line"

    order_id: Mapped[int] = mapped_column(ForeignKey("certificate_order.id"), primary_key=True)
    serial: Mapped[str] = mapped_column(Text, primary_key=True)


class WindowReminder(Base):
    """C-7: that the owner of a phone was told of the window, so many days before its end."""

    __tablename__ = "certificate_reminder"

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    days_before: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(Text, primary_key=True)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
