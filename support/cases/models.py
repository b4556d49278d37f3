"""Tables of repairs: the act, its phones, what happened to them and what was decided."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Numeric, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation
from provision.models import Device
from storage.db import Base, UtcDateTime
from support.cases.vocabulary import (
    INTERNAL,
    DecisionState,
    EventKind,
    PhotoKind,
    Reason,
    Resolution,
    Stage,
)
from support.customer_kinds import CustomerKind
from support.phrases import Phrase


class FaultReport(Base):
    """«Акт неисправности»: who sends which phones in. What it says stands in its versions (F-5).

    It is followed by an address with a random token, of which the SHA-256 is searched; the token's
    text is sealed, as letters repeat it. `sequence` counts without gaps within a year.
    """

    __tablename__ = "fault_report"
    __table_args__ = (Unique("year", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    sequence: Mapped[int]
    number: Mapped[str] = mapped_column(Text, unique=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    token_sha256: Mapped[str] = mapped_column(Text, unique=True)
    token_sealed: Mapped[bytes]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    customer_kind: Mapped[CustomerKind] = mapped_column(Text)
    contact_email: Mapped[str] = mapped_column(Text, index=True)
    contact_name: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    centre: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, index=True)
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consent.id"))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    units: Mapped[list["RepairUnit"]] = relationship(
        lazy="selectin", order_by="RepairUnit.position", back_populates="report"
    )
    versions: Mapped[list["ActVersion"]] = relationship(
        lazy="selectin", order_by="ActVersion.version"
    )

    @property
    def customer_name(self) -> str:
        """Whom staff read on lists: the organisation on record, the act's own, or the person."""
        if self.organisation is not None:
            return self.organisation.name
        written = self.versions[-1].content.get("organisation") if self.versions else ""
        return str(written or self.contact_name)

    @property
    def subject(self) -> str:
        """The act's name in the audit trail."""
        return f"repair:{self.number}"


class ActVersion(Base):
    """F-5: what an act said when it was submitted; a correction is another row.

    `sha256` is of the content's canonical JSON; `pdf_sha256` names the stored paper.
    """

    __tablename__ = "fault_report_version"

    report_id: Mapped[int] = mapped_column(ForeignKey("fault_report.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(Text)
    pdf_sha256: Mapped[str] = mapped_column(Text)
    submitted_by: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RepairUnit(Base):
    """One phone of an act: its own decision, its own clock. `revision` rises with every change.

    `requested_on` is the day the fault was told of, where W-7 begins to count. `organisation_id`,
    `lot` and `firmware` are the sender, the production week and the version of that day, for the
    reports; `reason`, `days_taken` and `in_time` are what the case came to.
    """

    __tablename__ = "repair_unit"
    __table_args__ = (
        Unique("report_id", "position"),
        Index("ix_repair_unit_serial", "serial"),
        # Reports read nothing but this: a year of repairs is counted without their texts.
        Index(
            "ix_repair_unit_report",
            "requested_on", "product", "lot", "firmware", "organisation_id",
            "stage", "covered", "reason", "resolution", "repeat_of_id", "days_taken", "in_time",
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("fault_report.id"), index=True)
    position: Mapped[int]
    serial: Mapped[str] = mapped_column(Text)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    #: The report's own, once more: no key, as SQLite can't add one to a table that others name.
    organisation_id: Mapped[int | None] = mapped_column(index=True)
    product: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text, default="")
    firmware: Mapped[str] = mapped_column(Text, default="")
    symptom: Mapped[str] = mapped_column(Text)
    fault: Mapped[str] = mapped_column(Text)
    stage: Mapped[Stage] = mapped_column(Text, index=True)
    resolution: Mapped[Resolution | None] = mapped_column(Text)
    covered: Mapped[bool | None]
    reason: Mapped[Reason | None] = mapped_column(Text)
    requested_on: Mapped[date]
    postmarked_on: Mapped[date | None]
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_by: Mapped[str | None] = mapped_column(Text)
    received_centre: Mapped[str | None] = mapped_column(Text)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    eliminated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    days_taken: Mapped[int | None]
    in_time: Mapped[bool | None]
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    work: Mapped[str] = mapped_column(Text, default="")
    parts: Mapped[str] = mapped_column(Text, default="")
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    repeat_of_id: Mapped[int | None] = mapped_column(ForeignKey("repair_unit.id"))
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    revision: Mapped[int] = mapped_column(default=1)

    report: Mapped[FaultReport] = relationship(lazy="joined", back_populates="units")
    device: Mapped[Device | None] = relationship(foreign_keys=[device_id], lazy="joined")
    replacement: Mapped[Device | None] = relationship(foreign_keys=[replacement_id], lazy="joined")
    repeat_of: Mapped["RepairUnit | None"] = relationship(
        remote_side="RepairUnit.id", lazy="select"
    )

    @property
    def stage_now(self) -> Stage:
        """The stage as a word with its phrase: the row holds its text."""
        return Stage(self.stage)

    @property
    def name(self) -> str:
        """What staff and papers call it: RMA-26-0007/2."""
        return f"{self.report.number}/{self.position}"

    @property
    def subject(self) -> str:
        """The phone's name in the audit trail."""
        return f"repair:{self.name}"


class RepairEvent(Base):
    """One thing that happened to a phone in repair; `public` ones are told to the customer."""

    __tablename__ = "repair_event"
    __table_args__ = (Index("ix_repair_event_unit_id_at", "unit_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("repair_unit.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[EventKind] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)

    @property
    def is_public(self) -> bool:
        return EventKind(self.kind) not in INTERNAL

    @property
    def said(self) -> Phrase:
        """What happened, in a few words."""
        return EventKind(self.kind).phrase

    def told(self, language: str) -> str:
        """What more is told of it, in the reader's language."""
        shown = self.details.get(f"text_{language}", self.details.get("text", ""))
        return str(shown)


class CoverageDecision(Base):
    """R-8: whether a case is covered, why not, on what evidence, by whom; and the dispute."""

    __tablename__ = "coverage_decision"
    __table_args__ = (CheckConstraint("covered OR reason IS NOT NULL", name="refusal_has_reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("repair_unit.id"), index=True)
    covered: Mapped[bool]
    reason: Mapped[Reason | None] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    state: Mapped[DecisionState] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dispute: Mapped[str] = mapped_column(Text, default="")
    disputed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dispute_answer: Mapped[str] = mapped_column(Text, default="")
    dispute_decided_by: Mapped[str | None] = mapped_column(Text)

    @property
    def why(self) -> Phrase:
        """Why the case is not covered."""
        return Reason(self.reason).phrase if self.reason else Phrase("", "")

    @property
    def standing(self) -> Phrase:
        """Whether it awaits somebody, is in force or was disputed."""
        return DecisionState(self.state).phrase


class RepairPhoto(Base):
    """A photo of a phone in repair, drawn anew without its EXIF."""

    __tablename__ = "repair_photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("repair_unit.id"), index=True)
    kind: Mapped[PhotoKind] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def taken_when(self) -> Phrase:
        return PhotoKind(self.kind).phrase

    @property
    def owner(self) -> str:
        """Who needs its bytes, for the store of blobs."""
        return f"support.repair_photo:{self.id}"


class RepairQuote(Base):
    """R-7: what a repair outside the warranty costs, in roubles, and what the customer said."""

    __tablename__ = "repair_quote"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount_from_0"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("repair_unit.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    work: Mapped[str] = mapped_column(Text)
    valid_until: Mapped[date]
    offered_by: Mapped[str] = mapped_column(Text)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted: Mapped[bool | None]
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_on: Mapped[date | None]
