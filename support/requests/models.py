"""Tables of support requests: the request, its events, messages and attachments, its refusals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation
from storage.db import Base, UtcDateTime
from support.agreements.models import SupportContract
from support.packages.package import Priority
from support.personal_data.models import Consent
from support.phrases import Phrase
from support.requests import grounds
from support.requests.vocabulary import Author, Channel, EventKind, RefusalState, Symptom
from support.sla.log import State


class SupportRequest(Base):
    """What a person asks of support.

    It is followed by an address with a random token: only the token's SHA-256 is searched, and its
    text is sealed, as letters repeat it. `thread` is what letters carry instead: it joins a letter
    to the request and opens nothing. `revision` rises with every change, so that two agents on one
    request notice each other. `verdict` is what the clocks said when it was closed, and
    `promises_kept` whether none of them was late; it is empty where nothing was promised.
    """

    __tablename__ = "support_request"
    __table_args__ = (
        Index("ix_support_request_state_registered_at", "state", "registered_at"),
        Index("ix_support_request_source_registered_at", "source", "registered_at"),
        # Reports read nothing but this.
        Index(
            "ix_support_request_report",
            "registered_at", "product", "firmware", "organisation_id", "state", "promises_kept",
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    intake_key: Mapped[str] = mapped_column(Text, unique=True)
    token_sha256: Mapped[str] = mapped_column(Text, unique=True)
    token_sealed: Mapped[bytes]
    thread: Mapped[str] = mapped_column(Text, unique=True)
    channel: Mapped[Channel] = mapped_column(Text)
    state: Mapped[State] = mapped_column(Text, index=True)
    priority: Mapped[Priority] = mapped_column(Text)
    package: Mapped[str] = mapped_column(Text)
    tier_reason: Mapped[str] = mapped_column(Text)
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("support_contract.id"))
    subject: Mapped[str] = mapped_column(Text)
    symptom: Mapped[Symptom] = mapped_column(Text)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    contact_name: Mapped[str] = mapped_column(Text)
    contact_email: Mapped[str] = mapped_column(Text, index=True)
    contact_phone: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    firmware: Mapped[str] = mapped_column(Text)
    attestation: Mapped[dict[str, Any]] = mapped_column(JSON)
    call_seconds: Mapped[int | None]
    source: Mapped[str] = mapped_column(Text)
    assigned_to: Mapped[str | None] = mapped_column(Text, index=True)
    consent_id: Mapped[int | None] = mapped_column(ForeignKey(Consent.id))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("support_request.id"))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    promises_kept: Mapped[bool | None]
    calendar_version: Mapped[int | None]
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    contract: Mapped[SupportContract | None] = relationship(lazy="joined")
    devices: Mapped[list["RequestDevice"]] = relationship(
        lazy="selectin", order_by="RequestDevice.serial"
    )

    @property
    def audit_subject(self) -> str:
        """The request's name in the audit trail."""
        return f"request:{self.id}"

    @property
    def serials(self) -> tuple[str, ...]:
        return tuple(device.serial for device in self.devices)


class RequestDevice(Base):
    """S-13: a phone that a request is about, with its lot; one request may be about many."""

    __tablename__ = "support_request_device"
    __table_args__ = (Index("ix_support_request_device_serial", "serial"),)

    request_id: Mapped[int] = mapped_column(ForeignKey("support_request.id"), primary_key=True)
    serial: Mapped[str] = mapped_column(Text, primary_key=True)
    lot: Mapped[str] = mapped_column(Text, default="")
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)


class RequestLink(Base):
    """S-13: what a request has led to in another room, by its name there ("repair:RMA-26-0007")."""

    __tablename__ = "support_request_link"

    request_id: Mapped[int] = mapped_column(ForeignKey("support_request.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    linked_by: Mapped[str] = mapped_column(Text)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RequestEvent(Base):
    """One thing that happened; clocks are reckoned from these rows alone."""

    __tablename__ = "support_request_event"
    __table_args__ = (Index("ix_support_request_event_request_id_at", "request_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("support_request.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[EventKind] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


class RequestMessage(Base):
    """A message: public, or a note that only staff see.

    `form_key` makes a form that is sent twice one message. `restricted`: only an administrator may
    read the text (N-3).
    """

    __tablename__ = "support_request_message"
    __table_args__ = (UniqueConstraint("request_id", "form_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("support_request.id"), index=True)
    form_key: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author: Mapped[Author] = mapped_column(Text)
    author_name: Mapped[str] = mapped_column(Text)
    is_public: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    #: What a letter quoted below its own words; kept, and folded away.
    quoted: Mapped[str] = mapped_column(Text, default="")
    remark: Mapped[str] = mapped_column(Text, default="")
    restricted: Mapped[bool] = mapped_column(default=False)

    attachments: Mapped[list["RequestAttachment"]] = relationship(
        lazy="selectin", order_by="RequestAttachment.id"
    )


class RequestAttachment(Base):
    """A file that came with a message, checked by its content."""

    __tablename__ = "support_request_attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("support_request_message.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sender: Mapped[str] = mapped_column(Text, index=True)

    @property
    def owner(self) -> str:
        """Who needs its bytes, for the store of blobs."""
        return f"support.request_attachment:{self.id}"


class RequestEscalation(Base):
    """What was told of (S-14): each level of each promise once."""

    __tablename__ = "support_request_escalation"

    request_id: Mapped[int] = mapped_column(ForeignKey("support_request.id"), primary_key=True)
    promise: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Refusal(Base):
    """N-6: a refusal as a reviewed decision, with its code, its words and its appeal."""

    __tablename__ = "support_refusal"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("support_request.id"), index=True)
    code: Mapped[str] = mapped_column(Text)
    state: Mapped[RefusalState] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal: Mapped[str] = mapped_column(Text, default="")
    appealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal_decided_by: Mapped[str | None] = mapped_column(Text)
    appeal_decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal_answer: Mapped[str] = mapped_column(Text, default="")

    @property
    def grounds(self) -> Sequence[Phrase]:
        """What it stands on, in words."""
        return grounds.said(self.evidence)


class AnswerTemplate(Base):
    """A ready answer that an agent starts from; {name}, {number} and {product} are filled in."""

    __tablename__ = "answer_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    ru: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
