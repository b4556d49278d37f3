"""Consents that were withdrawn: what they allowed has to end within 30 days (152-ФЗ, 21.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from storage.clock import moscow_date
from storage.people import Person
from storage.refusals import NotFoundError
from support.civil_dates import add_days
from support.personal_data.models import Consent

DAYS = 30


class NoConsentError(NotFoundError):
    code = "no-consent"
    ru = "Действующего согласия этого человека нет."
    en = "There is no consent of this person that holds."


@dataclass(frozen=True)
class Withdrawal:
    """A person who has withdrawn, and the last day for the end of the data."""

    email: str
    withdrawn_at: datetime
    due_on: date


def note(session: Session, who: Person, *, actor: str, now: datetime) -> int:
    """Note that a person withdraws every consent; how many. Raises NoConsentError."""
    query = select(Consent).where(Consent.email.in_(who.emails), Consent.withdrawn_at.is_(None))
    rows = session.scalars(query).all()
    if not rows:
        raise NoConsentError
    for row in rows:
        row.withdrawn_at = now
        audit.record(session, actor, "consent.withdraw", f"consent:{row.id}", now)
    return len(rows)


def waiting(session: Session) -> Sequence[Withdrawal]:
    """Who has withdrawn and whose data are still here, the most urgent first."""
    query = select(Consent).where(Consent.withdrawn_at.is_not(None), Consent.email != "")
    first: dict[str, Withdrawal] = {}
    for row in session.scalars(query.order_by(Consent.withdrawn_at)):
        if row.withdrawn_at is not None:
            due = add_days(moscow_date(row.withdrawn_at), DAYS)
            first.setdefault(row.email, Withdrawal(row.email, row.withdrawn_at, due))
    return list(first.values())
