"""Tables of the warranty: supply contracts, certificates, dated rights, tries at public checks."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation
from catalogue.models import Product
from provision.models import Device
from storage.db import Base, UtcDateTime
from support.customer_kinds import CustomerKind
from support.warranty_terms.entitlements import Entitlement, EntitlementKind
from support.warranty_terms.evidence import StartEvent


class SupplyContract(Base):
    """What one supply contract changes in the general warranty rule; an empty part changes nothing.

    `replacement_policy` (W-8) and the payers of deliveries (D-1, D-3) are empty where the contract
    leaves them to the rules. `product` narrows it to the phones of one product. A phone is under
    the contract when a proof of its handover names the contract's number.
    """

    __tablename__ = "supply_contract"
    __table_args__ = (
        CheckConstraint("months > 0", name="months_positive"),
        CheckConstraint("start_event IS NULL OR start_date IS NULL", name="one_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    months: Mapped[int | None]
    start_event: Mapped[StartEvent | None] = mapped_column(Text)
    start_date: Mapped[date | None]
    customer_kind: Mapped[CustomerKind] = mapped_column(Text, server_default="legal")
    replacement_policy: Mapped[str | None] = mapped_column(Text)
    inbound_payer: Mapped[str | None] = mapped_column(Text)
    return_payer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship(lazy="joined")
    product: Mapped[Product | None] = relationship(lazy="joined")

    @property
    def start(self) -> date | StartEvent | None:
        """The agreed first day, or the event that starts the term."""
        return StartEvent(self.start_event) if self.start_event else self.start_date

    @property
    def subject(self) -> str:
        """The contract's name in the audit trail."""
        return f"contract:{self.number}"


class Certificate(Base):
    """A sold certificate: one number, one kind, and a right for each of its phones."""

    __tablename__ = "certificate"
    __table_args__ = (CheckConstraint("months > 0", name="months_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[EntitlementKind] = mapped_column(Text)
    months: Mapped[int]
    purchased_on: Mapped[date]
    sold_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str | None] = mapped_column(Text)

    entitlements: Mapped[list["EntitlementRow"]] = relationship(lazy="selectin")

    @property
    def subject(self) -> str:
        """The certificate's name in the audit trail."""
        return f"certificate:{self.number}"

    @property
    def gives(self) -> EntitlementKind:
        """What the certificate gives."""
        return EntitlementKind(self.kind)


class EntitlementRow(Base):
    """A dated right of a device beside its base warranty; both days are included.

    A voided right stays in the table and counts for nothing.
    """

    __tablename__ = "entitlement"
    __table_args__ = (CheckConstraint("ends_on >= starts_on", name="ends_in_order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey(Device.id), index=True)
    kind: Mapped[EntitlementKind] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    source: Mapped[str] = mapped_column(Text)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), index=True)

    @property
    def right(self) -> Entitlement:
        """The right as the warranty decision takes it."""
        return Entitlement(EntitlementKind(self.kind), self.starts_on, self.ends_on, self.source)


class CheckTry(Base):
    """A try at a public check that was not right, or is not answered yet; forgotten in a while."""

    __tablename__ = "check_try"
    __table_args__ = (
        Index("ix_check_try_source", "kind", "source", "at"),
        Index("ix_check_try_at", "kind", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
