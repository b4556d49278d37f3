"""The tables of provisioning: credentials, profile settings, check-ins; importing it fills all."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from provision.devices.models import (
    Device,
    Handover,
    HandoverKind,
    Hold,
    IdentityEvent,
    Reading,
)
from storage.db import Base, UtcDateTime

__all__ = [
    "CheckIn",
    "CheckInKind",
    "CredentialKind",
    "Device",
    "DeviceCredential",
    "Handover",
    "HandoverKind",
    "Hold",
    "IdentityEvent",
    "Level",
    "ProfileChange",
    "ProfileSetting",
    "Reading",
]


class CredentialKind(StrEnum):
    TOKEN = "token"  # noqa: S105 - the name of a kind
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    CERTIFICATE = "certificate"


class DeviceCredential(Base):
    """A secret by which one device proves itself.

    A token is known by its SHA-256 alone, and so is a certificate; a password is sealed, as Digest
    needs its text. An old one stays valid until the device was seen using the new one.
    """

    __tablename__ = "device_credential"
    __table_args__ = (
        CheckConstraint("(token_sha256 IS NULL) <> (sealed IS NULL)", name="one_form"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    kind: Mapped[CredentialKind] = mapped_column(Text)
    token_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Level(StrEnum):
    """The links of the profile chain, the weakest first: a later one wins."""

    GLOBAL = "global"
    PRODUCT = "product"
    ORGANISATION = "organisation"
    SITE = "site"
    GROUP = "group"
    DEVICE = "device"


class ProfileSetting(Base):
    """One value of one link of the chain.

    `key` names the link's owner: a product code, an organisation's or site's number, a group's
    name, a MAC; it is empty for the global level. A secret is sealed instead of plain.
    """

    __tablename__ = "profile_setting"
    __table_args__ = (
        UniqueConstraint("level", "key", "name"),
        CheckConstraint("(value IS NULL) <> (sealed IS NULL)", name="plain_or_sealed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[Level] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[str | int | bool | None] = mapped_column(JSON(none_as_null=True))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class ProfileChange(Base):
    """One change of a setting on one level; both values are empty where there was, or is, none.

    A sealed value opens at the place of the setting, as it did before.
    """

    __tablename__ = "profile_change"
    __table_args__ = (Index("ix_profile_change_link", "level", "key", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(Text)
    level: Mapped[Level] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    old_value: Mapped[str | int | bool | None] = mapped_column(JSON(none_as_null=True))
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    new_value: Mapped[str | int | bool | None] = mapped_column(JSON(none_as_null=True))
    new_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    undoes: Mapped[int | None]


class CheckInKind(StrEnum):
    BOOTSTRAP = "bootstrap"
    CONFIGURATION = "configuration"
    FIRMWARE = "firmware"
    REFUSED = "refused"
    LOG = "log"


class CheckIn(Base):
    """One request of a phone. Neither token nor path stands here, only the path's kind.

    `strength` is "proved" or "claimed": an unproved request names a device, but is not its word;
    `hint` is what such a one shows of the reason. Bytes are bytes of the file; `total_bytes` is the
    file's size, `bytes_sent` is empty while the download runs and stays so when the server died in
    the middle.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        Index("ix_check_in_device_id_at", "device_id", "at"),
        Index("ix_check_in_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    mac: Mapped[str | None] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kind: Mapped[CheckInKind] = mapped_column(Text)
    method: Mapped[str] = mapped_column(String(16))
    path_kind: Mapped[str] = mapped_column(Text)
    status: Mapped[int]
    first_byte: Mapped[int | None] = mapped_column(BigInteger)
    bytes_sent: Mapped[int | None] = mapped_column(BigInteger)
    bytes_planned: Mapped[int | None] = mapped_column(BigInteger)
    total_bytes: Mapped[int | None] = mapped_column(BigInteger)
    complete: Mapped[bool | None]
    version: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    user_agent: Mapped[str] = mapped_column(Text)
    firmware: Mapped[str | None] = mapped_column(Text)
    strength: Mapped[str] = mapped_column(Text)
    proof: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[str | None] = mapped_column(Text)
    hint: Mapped[str | None] = mapped_column(Text)
