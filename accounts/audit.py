"""The audit trail: one entry for each change, in the same transaction as the change."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import AuditEntry


def record(
    session: Session, actor: str, action: str, subject: str, now: datetime, **details: object
) -> None:
    """Note that `actor` did `action` ("release.publish") to `subject` ("release:FP-B2/2.4.1").

    Details are plain JSON values and never hold a secret.
    """
    session.add(AuditEntry(at=now, actor=actor, action=action, subject=subject, details=details))


def latest(session: Session, limit: int, before_id: int | None = None) -> list[AuditEntry]:
    """The newest entries first; `before_id` pages backwards."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(session.scalars(query))
