"""What is kept of consents: to which text somebody consented, when, and when it was withdrawn."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.installation import Installation
from storage.people import Held, Holder, Mention, Person
from support.personal_data.models import Consent

CONSENT = "consent"
_AT_ONCE = 500


def _mentions(session: Session) -> Iterable[Mention]:
    for email in session.scalars(select(Consent.email).where(Consent.email != "").distinct()):
        yield Mention(email=email)


def _find(session: Session, who: Person) -> Sequence[Held]:
    query = select(Consent).where(Consent.email.in_(who.emails)).order_by(Consent.id)
    return [_held(one) for one in session.scalars(query)]


def _expired(session: Session, _category: str, before: datetime) -> Sequence[Held]:
    ended = func.coalesce(Consent.withdrawn_at, Consent.expired_at)
    query = select(Consent).where(ended < before, Consent.email != "")
    return [_held(one) for one in session.scalars(query.order_by(Consent.id).limit(_AT_ONCE))]


def _erase(session: Session, _installation: Installation, held: Held, _now: datetime) -> None:
    """That there was a consent, to which text and until when, stays as a proof."""
    one = session.get_one(Consent, held.key)
    one.email = one.source = ""
    session.flush()


def _held(one: Consent) -> Held:
    says = {
        "email": one.email,
        "purpose": one.purpose,
        "text_version": one.text_version,
        "given_at": one.given_at,
        "withdrawn_at": one.withdrawn_at,
        "expired_at": one.expired_at,
        "source": one.source,
    }
    return Held(CONSENT, f"consent:{one.id}", one.id, one.given_at, one.ended_at, says)


HOLDER = Holder(frozenset({CONSENT}), _mentions, _find, _expired, _erase)
