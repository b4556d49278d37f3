"""Releases, their files, and the channels that phones follow."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.models import Product
from firmware.version_marks.models import VersionMark
from storage.db import Base, UtcDateTime


class ReleaseState(StrEnum):
    """`draft`: not decided yet; `awaiting`: keys have yet to sign it. Only staff see these two."""

    DRAFT = "draft"
    AWAITING = "awaiting"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Channel(StrEnum):
    """Streams a phone follows; what is stable is in testing too."""

    TESTING = "testing"
    STABLE = "stable"


class Release(Base):
    """One version of a product's firmware. `canonical` is one spelling for equal versions."""

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("product_id", "canonical"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    version: Mapped[str] = mapped_column(String(16))
    canonical: Mapped[str] = mapped_column(Text)
    state: Mapped[ReleaseState] = mapped_column(Text, default=ReleaseState.PUBLISHED)
    min_from: Mapped[str | None] = mapped_column(String(16))
    notes_ru: Mapped[str] = mapped_column(Text, default="")
    notes_en: Mapped[str] = mapped_column(Text, default="")
    salt: Mapped[str] = mapped_column(String(32))
    percent: Mapped[float] = mapped_column(default=100.0)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(Text)
    uploaded_by: Mapped[str] = mapped_column(Text, default="", server_default="")
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")
    replacement: Mapped[str | None] = mapped_column(String(16))

    product: Mapped[Product] = relationship(lazy="joined")
    artifact: Mapped["Artifact"] = relationship(lazy="joined", cascade="all, delete-orphan")
    channels: Mapped[list["ReleaseChannel"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan"
    )
    #: Every mark of its product, as a floor may lie at a version that was never published.
    product_marks: Mapped[list[VersionMark]] = relationship(
        primaryjoin="foreign(VersionMark.product_id) == Release.product_id",
        lazy="selectin",
        viewonly=True,
    )
    draft: Mapped["ReleaseDraft | None"] = relationship(lazy="joined", cascade="all, delete-orphan")
    sbom: Mapped["Sbom | None"] = relationship(lazy="joined", cascade="all, delete-orphan")
    sign_offs: Mapped[list["SignOff"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="SignOff.signed_at"
    )

    @property
    def channel_names(self) -> frozenset[str]:
        return frozenset(entry.channel for entry in self.channels)

    @property
    def uploader(self) -> str:
        """Who brought the file; releases older than drafts were published by that person."""
        return self.uploaded_by or self.published_by

    @property
    def is_draft(self) -> bool:
        return self.state == ReleaseState.DRAFT

    @property
    def is_awaiting(self) -> bool:
        return self.state == ReleaseState.AWAITING

    @property
    def is_withdrawn(self) -> bool:
        return self.state == ReleaseState.WITHDRAWN

    def notes(self, language: str) -> str:
        """The notes in `language`, or in the other one when that is all there is."""
        first, second = (
            (self.notes_ru, self.notes_en) if language == "ru" else (self.notes_en, self.notes_ru)
        )
        return first or second


class Artifact(Base):
    """The file of a release and the statement that phones trust, signed by the firmware key."""

    __tablename__ = "artifact"

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), unique=True)
    file_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    size: Mapped[int] = mapped_column(BigInteger)
    hardware: Mapped[list[str]] = mapped_column(JSON)
    parts: Mapped[list[str]] = mapped_column(JSON)
    inspected: Mapped[bool]
    statement: Mapped[str] = mapped_column(Text)
    statement_sig: Mapped[str] = mapped_column(Text)


class ReleaseChannel(Base):
    """That a release was promoted to a channel, when and by whom."""

    __tablename__ = "release_channel"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    channel: Mapped[Channel] = mapped_column(Text, primary_key=True)
    promoted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    promoted_by: Mapped[str] = mapped_column(Text)


class ReleaseDraft(Base):
    """What is decided of a release before it is published; gone afterwards.

    `header` is what the image says of itself, None for a file in no known format. `revision`
    counts the changes: a sign-off is for one of them. `as_step`: it may lie below the current
    version, as a step for phones that have no way to it.
    """

    __tablename__ = "release_draft"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    channel: Mapped[Channel] = mapped_column(Text)
    publish_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    header: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    as_step: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)


class Step(StrEnum):
    """What people sign off: that a draft is published, or that a release becomes stable."""

    PUBLISH = "publish"
    STABLE = "stable"


class SignOff(Base):
    """That a person agreed to a step; the audit trail keeps those that were taken back."""

    __tablename__ = "sign_off"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    step: Mapped[Step] = mapped_column(Text, primary_key=True)
    login: Mapped[str] = mapped_column(Text, primary_key=True)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Sbom(Base):
    """The list of a release's parts (CycloneDX or SPDX), stored as it came."""

    __tablename__ = "sbom"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    size: Mapped[int] = mapped_column(BigInteger)
    standard: Mapped[str] = mapped_column(Text)
    components: Mapped[int]
    attached_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Software(Base):
    """A program for people beside a product's firmware: a utility, a provisioning tool.

    No phone is ever offered one. `signed_by` holds the logins of those who agreed to a draft.
    """

    __tablename__ = "software"
    __table_args__ = (UniqueConstraint("product_id", "canonical", "file_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    version: Mapped[str] = mapped_column(String(16))
    canonical: Mapped[str] = mapped_column(Text)
    title_ru: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text)
    notes_ru: Mapped[str] = mapped_column(Text, default="")
    notes_en: Mapped[str] = mapped_column(Text, default="")
    file_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[ReleaseState] = mapped_column(Text)
    uploaded_by: Mapped[str] = mapped_column(Text)
    signed_by: Mapped[list[str]] = mapped_column(JSON)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")

    product: Mapped[Product] = relationship(lazy="joined")

    def title(self, language: str) -> str:
        return self.title_ru if language == "ru" else self.title_en

    def notes(self, language: str) -> str:
        """The notes in `language`, or in the other one when that is all there is."""
        first, second = (
            (self.notes_ru, self.notes_en) if language == "ru" else (self.notes_en, self.notes_ru)
        )
        return first or second

    @property
    def is_draft(self) -> bool:
        return self.state == ReleaseState.DRAFT

    @property
    def is_awaiting(self) -> bool:
        return self.state == ReleaseState.AWAITING

    @property
    def is_withdrawn(self) -> bool:
        return self.state == ReleaseState.WITHDRAWN
