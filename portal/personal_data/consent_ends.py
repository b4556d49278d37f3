"""Consents that nobody withdraws end by their term; staff see it coming, and what is left then.

The case of a consent is the request or the act that came with it; one whose case never came about
counts from the day on which it was given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from storage.people import Person
from support.cases.models import FaultReport
from support.personal_data import consent_terms, consents, terms
from support.personal_data.consent_terms import ConsentTerm
from support.personal_data.models import Consent
from support.personal_data.register import shipped
from support.repairs import endings as repair_endings
from support.requests import endings as request_endings
from support.requests.models import SupportRequest

SOON = timedelta(days=30)
#: Consents that one round ends, or one page lists.
AT_ONCE = 500


@dataclass(frozen=True)
class Standing:
    """A consent with its term; `erase_by` is the last day for the data of one that is over."""

    consent: Consent
    term: ConsentTerm

    @property
    def erase_by(self) -> date | None:
        return consents.ends_on(self.consent)


def end(session: Session, now: datetime) -> int:
    """Note which consents are over by their term; how many."""
    over = ending(session, now)
    for one in over:
        one.consent.expired_at = one.term.ends_at
    session.flush()
    return len(over)


def ending(session: Session, until: datetime) -> Sequence[Standing]:
    """The consents whose term ends until then, the first first; past ones await the night."""
    found = [
        one
        for purpose in consents.CLASS_OF
        for one in _candidates(session, purpose, until)
        if one.term.ends_at is not None and one.term.ends_at <= until
    ]
    return sorted(found, key=lambda one: (one.term.ends_at, one.consent.id))


def of_person(session: Session, who: Person) -> Sequence[Standing]:
    """A person's consents, the latest first."""
    known = terms.current(session)
    return [
        Standing(consent, consent_terms.term_of(consent, over, known))
        for purpose in consents.CLASS_OF
        for consent, over in session.execute(
            _with_case(purpose).where(Consent.email.in_(who.emails)).order_by(Consent.id.desc())
        )
    ]


def left_over(session: Session) -> Sequence[Standing]:
    """Consents that are over by their term, and whose case still names the person."""
    named = or_(
        and_(SupportRequest.id.is_not(None), SupportRequest.erased_at.is_(None)),
        FaultReport.contact_email != "",
    )
    known = terms.current(session)
    query = (
        select(Consent)
        .outerjoin(SupportRequest, SupportRequest.consent_id == Consent.id)
        .outerjoin(FaultReport, FaultReport.consent_id == Consent.id)
        .where(Consent.expired_at.is_not(None), Consent.email != "", named)
        .order_by(Consent.expired_at)
        .limit(AT_ONCE)
    )
    return [
        Standing(one, consent_terms.term_of(one, None, known)) for one in session.scalars(query)
    ]


def _candidates(session: Session, purpose: str, until: datetime) -> Sequence[Standing]:
    """So many at once of each term that was told of, so that a long one keeps no short one back."""
    told = select(Consent.term_days).where(Consent.purpose == purpose).distinct()
    return [
        one
        for days in session.scalars(told).all()
        for one in _of_term(session, purpose, days, until)
    ]


def _of_term(
    session: Session, purpose: str, told_days: int | None, until: datetime
) -> Sequence[Standing]:
    known = terms.current(session)
    about = shipped().get(consents.CLASS_OF[purpose])
    kept = known.days[about.code]
    query = _with_case(purpose).where(
        Consent.term_days.is_(None) if told_days is None else Consent.term_days == told_days,
        Consent.withdrawn_at.is_(None), Consent.expired_at.is_(None), Consent.email != "",
        _over(purpose) <= about.over_before(until, min(kept, told_days or kept)),
    )  # fmt: skip
    rows = session.execute(query.order_by(Consent.id).limit(AT_ONCE))
    return [Standing(one, consent_terms.term_of(one, over, known)) for one, over in rows]


def _with_case(purpose: str) -> Select[Consent, datetime | None]:
    """Consents to a purpose, each with the instant at which its case was over."""
    case = SupportRequest if purpose == consents.SUPPORT else FaultReport
    return (
        select(Consent, _over(purpose))
        .outerjoin(case, case.consent_id == Consent.id)
        .where(Consent.purpose == purpose)
    )


def _over(purpose: str) -> ColumnElement[datetime | None]:
    if purpose == consents.SUPPORT:
        return request_endings.over_at_or(Consent.given_at)
    return repair_endings.over_at_or(Consent.given_at)
