"""What other packages and programs see of a device: frozen values, never rows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from provision.devices.models import Device, Handover, HandoverKind


@dataclass(frozen=True)
class DeviceSummary:
    """A device as others may know it. `mac` is 12 lower-case hex digits; instants are in UTC."""

    mac: str
    serial: str | None
    product_code: str
    product_name_ru: str
    product_name_en: str
    own_product: bool
    hardware: str | None
    site: str | None
    organisation_id: int | None
    organisation: str | None
    group: str
    firmware: str | None
    firmware_seen_at: datetime | None
    first_seen_at: datetime | None
    last_check_in_at: datetime | None
    address: str | None
    channel: str
    pinned_version: str | None
    created_at: datetime

    @classmethod
    def of(cls, device: Device) -> Self:
        """The summary of a row, taken while its session is open."""
        product, site, owner = device.product, device.site, device.organisation
        return cls(
            mac=device.mac,
            serial=device.serial,
            product_code=product.code,
            product_name_ru=product.name_ru,
            product_name_en=product.name_en,
            own_product=product.own_product,
            hardware=device.hardware,
            site=site.name if site else None,
            organisation_id=device.organisation_id,
            organisation=owner.name if owner else None,
            group=device.group_name,
            firmware=device.firmware,
            firmware_seen_at=device.firmware_seen_at,
            first_seen_at=device.first_seen_at,
            last_check_in_at=device.last_check_in_at,
            address=device.address,
            channel=device.channel,
            pinned_version=device.pinned_version,
            created_at=device.created_at,
        )

    def product_name(self, language: str) -> str:
        return self.product_name_ru if language == "ru" else self.product_name_en


@dataclass(frozen=True)
class HandoverEvidence:
    """One dated proof of a device's handover (or shipping, or manufacture)."""

    kind: HandoverKind
    on: date
    reference: str
    contract: str
    recorded_by: str
    recorded_at: datetime

    @classmethod
    def of(cls, row: Handover) -> Self:
        """The evidence in a row."""
        return cls(
            kind=HandoverKind(row.kind),
            on=row.on,
            reference=row.reference,
            contract=row.contract,
            recorded_by=row.recorded_by,
            recorded_at=row.recorded_at,
        )
