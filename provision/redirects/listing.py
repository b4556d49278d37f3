"""Claims as pages and programs see them: one row each, in the state that they are in now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from provision.redirects import judging
from provision.redirects.models import ClaimState, PartnerClaim

LISTED_MAX = 200


@dataclass(frozen=True)
class ClaimSummary:
    """`owner` is whose phone it is on record, where anybody's."""

    id: int
    mac: str
    serial: str | None
    product: str
    owner: str | None
    partner: str
    server_url: str
    state: ClaimState
    filed_at: datetime
    filed_by: str
    ends_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str

    @property
    def is_live(self) -> bool:
        return self.state in {ClaimState.WAITING, ClaimState.APPROVED}

    @classmethod
    def of(cls, row: PartnerClaim, now: datetime) -> "ClaimSummary":
        """The row as it stands at this instant."""
        owner = row.device.organisation
        return cls(
            id=row.id,
            mac=row.device.mac,
            serial=row.device.serial,
            product=row.device.product.code,
            owner=owner.name if owner else None,
            partner=row.organisation.name,
            server_url=row.server_url,
            state=ClaimState(judging.standing(row.state, row.ends_at, now)),
            filed_at=row.filed_at,
            filed_by=row.filed_by,
            ends_at=row.ends_at,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
            reason=row.reason,
        )


def of_partner(session: Session, organisation_id: int, now: datetime) -> Sequence[ClaimSummary]:
    """A partner's own claims, the latest first."""
    mine = PartnerClaim.organisation_id == organisation_id
    rows = select(PartnerClaim).where(mine).order_by(PartnerClaim.id.desc()).limit(LISTED_MAX)
    return [ClaimSummary.of(row, now) for row in session.scalars(rows)]


def waiting(session: Session, now: datetime) -> Sequence[ClaimSummary]:
    """What staff have to decide, the oldest first."""
    rows = select(PartnerClaim).where(*_waits(now)).order_by(PartnerClaim.id).limit(LISTED_MAX)
    return [ClaimSummary.of(row, now) for row in session.scalars(rows)]


def waiting_count(session: Session, now: datetime) -> int:
    """How many claims staff have to decide."""
    return session.scalar(select(func.count(PartnerClaim.id)).where(*_waits(now))) or 0


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (PartnerClaim.state == ClaimState.WAITING, PartnerClaim.ends_at > now)


def decided(session: Session, now: datetime) -> Sequence[ClaimSummary]:
    """All others, the latest first."""
    rows = select(PartnerClaim).order_by(PartnerClaim.id.desc()).limit(LISTED_MAX)
    found = [ClaimSummary.of(row, now) for row in session.scalars(rows)]
    return [one for one in found if one.state is not ClaimState.WAITING]
