"""Consents that were withdrawn: what they allowed has to end within 30 days (152-ФЗ, 21.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.people import Person
from support.personal_data import consents
from support.personal_data.consents import NoConsentError
from support.personal_data.models import Consent


@dataclass(frozen=True)
class Withdrawal:
    """A person who has withdrawn, and the last day for the end of the data."""

    email: str
    withdrawn_at: datetime
    due_on: date


def note(session: Session, who: Person, *, actor: str, now: datetime) -> int:
    """Note that a person withdraws every consent; how many. Raises NoConsentError."""
    query = select(Consent).where(
        Consent.email.in_(who.emails),
        Consent.withdrawn_at.is_(None),
        Consent.expired_at.is_(None),
    )
    rows = session.scalars(query).all()
    if not rows:
        raise NoConsentError
    for row in rows:
        consents.withdraw(session, row, actor=actor, now=now)
    return len(rows)


def waiting(session: Session) -> Sequence[Withdrawal]:
    """Who has withdrawn and whose data are still here, the most urgent first."""
    query = select(Consent).where(Consent.withdrawn_at.is_not(None), Consent.email != "")
    first: dict[str, Withdrawal] = {}
    for row in session.scalars(query.order_by(Consent.withdrawn_at)):
        due = consents.ends_on(row)
        if row.withdrawn_at is not None and due is not None:
            first.setdefault(row.email, Withdrawal(row.email, row.withdrawn_at, due))
    return list(first.values())
