"""The tables of the redirect service: codes of boxes, claims of partners, wrong tries."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation
from provision.devices.models import Device
from storage.db import Base, UtcDateTime

_IS_LIVE = text("state IN ('waiting', 'approved')")


class ClaimState(StrEnum):
    """What people did with a claim; whether its time is over is judged apart (judging.py)."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"


class BoxCode(Base):
    """The code printed in a phone's box, known by its keyed hash alone."""

    __tablename__ = "box_code"

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    code_hmac: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(Text)


class PartnerClaim(Base):
    """One phone that a partner wants sent to its server; a phone has one live claim at most.

    `ends_at` is when nobody may decide any more (waiting), or when the phone comes back (approved).
    """

    __tablename__ = "partner_claim"
    __table_args__ = (
        Index(
            "uq_partner_claim_live",
            "device_id",
            unique=True,
            sqlite_where=_IS_LIVE,
            postgresql_where=_IS_LIVE,
        ),
        Index("ix_partner_claim_organisation_id", "organisation_id", "id"),
        Index("ix_partner_claim_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    server_url: Mapped[str] = mapped_column(Text)
    state: Mapped[ClaimState] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filed_by: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")

    device: Mapped[Device] = relationship(lazy="joined")
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class WrongTry(Base):
    """A claim whose phone and code did not fit, counted for an organisation."""

    __tablename__ = "claim_wrong_try"
    __table_args__ = (Index("ix_claim_wrong_try_organisation_id_at", "organisation_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
