"""Tables: orders of certificates with their phones and prices, and reminders that were sent."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.models import Product
from storage.db import Base, UtcDateTime
from support.warranty_terms.entitlements import EntitlementKind


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

    @property
    def amount(self) -> Decimal | None:
        """What all phones cost together; None where a price was not set on the day of the order."""
        prices = [line.price for line in self.lines if line.price is not None]
        return sum(prices, Decimal(0)) if prices and len(prices) == len(self.lines) else None


class OrderLine(Base):
    """C-4: a phone of an order, by its serial number; its price as it was on the order's day."""

    __tablename__ = "certificate_order_line"

    order_id: Mapped[int] = mapped_column(ForeignKey("certificate_order.id"), primary_key=True)
    serial: Mapped[str] = mapped_column(Text, primary_key=True)
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))


class CertificatePrice(Base):
    """What one phone's certificate costs from a day on, in roubles: for a product, or for all."""

    __tablename__ = "certificate_price"
    __table_args__ = (
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("months > 0", name="months_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    kind: Mapped[EntitlementKind] = mapped_column(Text)
    months: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    valid_from: Mapped[date]
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)

    product: Mapped[Product | None] = relationship(lazy="joined")

    @property
    def gives(self) -> EntitlementKind:
        """What it is the price of."""
        return EntitlementKind(self.kind)

    @property
    def subject(self) -> str:
        """The price's name in the audit trail."""
        return f"certificate-price:{self.id}"


class WindowReminder(Base):
    """C-7: that the owner of a phone was told of the window, so many days before its end."""

    __tablename__ = "certificate_reminder"

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    days_before: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(Text, primary_key=True)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
