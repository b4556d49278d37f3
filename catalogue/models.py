"""Products with their hardware revisions, and the signed files that describe what is published.

The tables of the TUF repository hold its files byte for byte: what is served is what was signed.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.tuf.layout import Purpose, View
from storage.db import Base, UtcDateTime


class Product(Base):
    """A hardware type, e.g. a phone model. `silhouette` names a drawing among the static files."""

    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name_ru: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    summary_ru: Mapped[str] = mapped_column(Text, default="")
    summary_en: Mapped[str] = mapped_column(Text, default="")
    silhouette: Mapped[str] = mapped_column(Text, default="desk")
    own_product: Mapped[bool] = mapped_column(default=True)
    sales_end: Mapped[date | None]
    support_end: Mapped[date | None]
    hardware: Mapped[list["HardwareRevision"]] = relationship(
        order_by="HardwareRevision.name", lazy="selectin", cascade="all, delete-orphan"
    )

    def name(self, language: str) -> str:
        return self.name_ru if language == "ru" else self.name_en

    def summary(self, language: str) -> str:
        return self.summary_ru if language == "ru" else self.summary_en

    @property
    def revisions(self) -> tuple[str, ...]:
        return tuple(revision.name for revision in self.hardware)


class HardwareRevision(Base):
    """A revision of a product's hardware ("A"): an image may fit some and not others."""

    __tablename__ = "hardware_revision"
    __table_args__ = (UniqueConstraint("product_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    name: Mapped[str] = mapped_column(Text)


class SignedFile(Base):
    """A published text (manifest, checksums) and its signature, exactly as served.

    It is replaced in the transaction that changes what it lists. `serial` only rises.
    """

    __tablename__ = "signed_file"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    serial: Mapped[int]
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Target(Base):
    """A published path, its hash and its size in bytes: a TUF target, nothing else.

    It may be seen once `listed_at` is set: a signed list of `role` names it then.
    """

    __tablename__ = "target"
    __table_args__ = (Index("ix_target_role", "role"),)

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    #: What its slice says of it; the list that names it carries that, signed, for mirrors.
    about: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TrustKey(Base):
    """A public key of the TUF repository. `public` is the key as TUF's JSON holds it.

    The private half lies in the data folder or with a person; a row is never deleted.
    """

    __tablename__ = "trust_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    keyid: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    purpose: Mapped[Purpose] = mapped_column(Text)
    public: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RoleFile(Base):
    """A published file of the TUF repository, exactly as served.

    The one without `superseded_at` is current. Roots stay for ever: a client that was away for
    years walks through all of them.
    """

    __tablename__ = "tuf_metadata"
    __table_args__ = (Index("ix_tuf_metadata_superseded_at", "superseded_at"),)

    view: Mapped[View] = mapped_column(Text, primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RoleDraft(Base):
    """The next file of a role while signatures are missing; nobody is served it."""

    __tablename__ = "tuf_draft"

    view: Mapped[View] = mapped_column(Text, primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Statement(Base):
    """A text about a target that the firmware key, kept elsewhere, has to sign for phones."""

    __tablename__ = "statement"

    path: Mapped[str] = mapped_column(ForeignKey("target.path"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    signature: Mapped[str | None] = mapped_column(Text)
