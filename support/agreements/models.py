"""Tables: support contracts with their devices and sites, and overdue debts as they were told."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Numeric, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, Site
from provision.models import Device
from storage.db import Base, UtcDateTime

agreement_site = Table(
    "support_contract_site",
    Base.metadata,
    Column("contract_id", ForeignKey("support_contract.id"), primary_key=True),
    Column("site_id", ForeignKey("site.id"), primary_key=True),
)
agreement_device = Table(
    "support_contract_device",
    Base.metadata,
    Column("contract_id", ForeignKey("support_contract.id"), primary_key=True),
    Column("device_id", ForeignKey("device.id"), primary_key=True),
)


class SupportContract(Base):
    """S-7: a contract for paid support. Without sites and devices it is for the whole organisation.

    Both days are included. `rules_version` is the version of the rules that concluding it accepted,
    `agreed` the targets that its package had then (agreed.py).
    """

    __tablename__ = "support_contract"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="days_in_order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    package: Mapped[str] = mapped_column(Text)
    agreed: Mapped[dict[str, Any]] = mapped_column(JSON)
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    rules_version: Mapped[str] = mapped_column(Text)
    named_engineer: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship(lazy="joined")
    sites: Mapped[list[Site]] = relationship(secondary=agreement_site, lazy="selectin")
    devices: Mapped[list[Device]] = relationship(secondary=agreement_device, lazy="selectin")

    @property
    def subject(self) -> str:
        """The contract's name in the audit trail."""
        return f"support-contract:{self.number}"


class SupportContact(Base):
    """Who writes for an organisation: an address, or a whole domain as @example.ru, in lower case.

    It decides whose contract a letter falls under and shows nobody anything.
    """

    __tablename__ = "support_contact"

    address: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Receivable(Base):
    """What an organisation owed past its day, as the accounts said on the day `as_of`."""

    __tablename__ = "receivable"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    overdue: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    as_of: Mapped[date]
    imported_by: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
