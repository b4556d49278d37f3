"""Devices, what proves their handover, what was read from them, and how their identity changed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, Site
from catalogue.models import Product
from storage.db import Base, UtcDateTime

DEFAULT_CHANNEL = "stable"


class Device(Base):
    """One unit. Its MAC names it (12 lower-case hex digits); neither MAC nor serial is a secret.

    `firmware` is the last application version that the device itself said while it proved who it
    is; a boot loader's version never stands there. `address` is where it was last seen.
    """

    __tablename__ = "device"
    __table_args__ = (
        CheckConstraint("length(mac) = 12", name="mac_is_hex"),
        # The orders of long lists; migration 0036 adds two over the ends of serials and MACs.
        Index("ix_device_last_check_in_at_mac", "last_check_in_at", "mac"),
        Index("ix_device_firmware_mac", "firmware", "mac"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mac: Mapped[str] = mapped_column(String(12), unique=True)
    serial: Mapped[str | None] = mapped_column(String(64), unique=True)
    serial_raw: Mapped[str] = mapped_column(Text, default="")
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    hardware: Mapped[str | None] = mapped_column(Text)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    group_name: Mapped[str] = mapped_column(Text, default="", index=True)
    firmware: Mapped[str | None] = mapped_column(Text)
    firmware_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_check_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str | None] = mapped_column(Text, index=True)
    channel: Mapped[str] = mapped_column(Text, default=DEFAULT_CHANNEL)
    pinned_version: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    product: Mapped[Product] = relationship(lazy="joined")
    site: Mapped[Site | None] = relationship(lazy="joined")
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The device's name in the audit trail."""
        return f"device:{self.mac}"


class HandoverKind(StrEnum):
    """What proves a day in the life of a device, the strongest first."""

    CONTRACT = "contract"
    USER_DOCUMENT = "user-document"
    PARTNER_REPORT = "partner-report"
    VENDOR_SHIPMENT = "vendor-shipment"
    MANUFACTURE = "manufacture"


class Handover(Base):
    """One dated proof; `reference` is the paper that holds it (УПД, накладная, акт)."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    kind: Mapped[HandoverKind] = mapped_column(Text)
    on: Mapped[date] = mapped_column("handed_over_on")
    reference: Mapped[str] = mapped_column(Text)
    contract: Mapped[str] = mapped_column(Text, default="")
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reading(Base):
    """One attempt to read a device: the facts with their sources, or the reason of the failure."""

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_device_id_at", "device_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(Text)
    via: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    verdict: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(Text)
    error_text_ru: Mapped[str | None] = mapped_column(Text)
    error_text_en: Mapped[str | None] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(Text)
    #: What an SSH session said, without secrets.
    transcript: Mapped[str | None] = mapped_column(Text)
    #: Which of SNMP's lanes was taken (readers.snmp_lanes).
    lane: Mapped[str | None] = mapped_column(Text)


class IdentityEvent(Base):
    """What a device says of itself changed, or contradicts what is known; `applied` tells which."""

    __tablename__ = "identity_event"
    __table_args__ = (
        Index("ix_identity_event_device_id_at", "device_id", "at"),
        Index("ix_identity_event_field_new", "field", "new"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    field: Mapped[str] = mapped_column(Text)
    old: Mapped[str | None] = mapped_column(Text)
    new: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    applied: Mapped[bool]


class Hold(Base):
    """A device is offered nothing from `since` until the hold is lifted."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text)
