"""Staff approve a claim, refuse it, or end one that stands."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from accounts import audit
from provision.redirects import judging
from provision.redirects.filing import UnknownClaimError
from provision.redirects.models import ClaimState, PartnerClaim
from storage.refusals import ConflictError, RefusedError

REASON_LENGTH_MAX = 500


class ClaimDecidedError(ConflictError):
    code = "claim-decided"
    ru = "Эта заявка уже не ждёт решения."
    en = "This claim does not wait for a decision any more."


class ClaimEndedError(ConflictError):
    code = "claim-ended"
    ru = "Эта заявка уже не действует."
    en = "This claim does not stand any more."


class ClaimReasonError(RefusedError):
    code = "claim-reason"
    field = "reason"
    ru = "Назовите причину, до {limit} знаков: её увидит партнёр."
    en = "Give a reason of at most {limit} characters: the partner will read it."


class ClaimTermError(RefusedError):
    code = "claim-term"
    field = "days"
    ru = "Срок — 30, 90 или 365 дней."
    en = "The term is 30, 90 or 365 days."


def approve(session: Session, number: int, days: int, *, actor: str, now: datetime) -> PartnerClaim:
    """Send the phone to the partner's server from now on, for so many days."""
    claim = _get(session, number)
    if days not in judging.TERMS_DAYS:
        raise ClaimTermError
    if judging.standing(claim.state, claim.ends_at, now) != ClaimState.WAITING:
        raise ClaimDecidedError
    claim.state = ClaimState.APPROVED
    claim.ends_at = now + timedelta(days=days)
    _decided(session, claim, "claim.approve", actor, now, days=days, server=claim.server_url)
    return claim


def refuse(session: Session, number: int, reason: str, *, actor: str, now: datetime) -> None:
    """Say no, and why."""
    claim = _get(session, number)
    why = _reason(reason)
    if judging.standing(claim.state, claim.ends_at, now) != ClaimState.WAITING:
        raise ClaimDecidedError
    claim.state, claim.reason = ClaimState.REFUSED, why
    _decided(session, claim, "claim.refuse", actor, now, reason=why)


def revoke(session: Session, number: int, reason: str, *, actor: str, now: datetime) -> None:
    """Take the phone back: its next first contact leads to this server again."""
    claim = _get(session, number)
    why = _reason(reason)
    if judging.standing(claim.state, claim.ends_at, now) != ClaimState.APPROVED:
        raise ClaimEndedError
    claim.state, claim.reason = ClaimState.REVOKED, why
    _decided(session, claim, "claim.revoke", actor, now, reason=why)


def _decided(
    session: Session, claim: PartnerClaim, action: str, actor: str, now: datetime, **details: object
) -> None:
    claim.decided_at, claim.decided_by = now, actor
    partner = claim.organisation.name
    audit.record(session, actor, action, claim.device.subject, now, partner=partner, **details)


def _get(session: Session, number: int) -> PartnerClaim:
    claim = session.get(PartnerClaim, number)
    if claim is None:
        raise UnknownClaimError
    return claim


def _reason(text: str) -> str:
    reason = text.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise ClaimReasonError(limit=REASON_LENGTH_MAX)
    return reason
