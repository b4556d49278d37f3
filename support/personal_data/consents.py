"""Consent to the handling of personal data: a record of its own, and never a part of the rules.

Since 2025-09-01 (156-ФЗ) it is a separate document, kept with the text that it was given to.
"""

import hashlib
from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts import audit
from storage.clock import moscow_date
from storage.refusals import NotFoundError, RefusedError
from support.civil_dates import add_days
from support.personal_data import terms
from support.personal_data.models import Consent
from support.phrases import Phrase, filled, lasting_phrase

VERSION = "2026-12.2"
SUPPORT = "support"
REPAIR = "repair"
#: The class of the register whose term a consent has once its case is over (152-ФЗ, 9.4 п. 8).
CLASS_OF = {SUPPORT: "request", REPAIR: "repair"}
_TEXTS = {
    SUPPORT: Phrase(
        "Я даю ФЛАТ-ПРО согласие на обработку моих имени, адреса электронной почты, номера"
        " телефона и того, что я напишу, чтобы ответить на моё обращение и вести его. Согласие"
        " действует {term}. Отозвать его можно на странице обращения или письмом в техническую"
        " поддержку; данные уничтожаются не позже 30 дней после отзыва.",
        "I consent to FLAT-PRO handling my name, e-mail address, telephone number and what I"
        " write, in order to answer and follow my request. The consent holds {term}. It is"
        " withdrawn on the page of the request or by a letter to technical support; the data are"
        " destroyed at most 30 days after that.",
    ),
    REPAIR: Phrase(
        "Я даю ФЛАТ-ПРО согласие на обработку моих имени, телефона, электронной почты и адреса,"
        " чтобы принять телефон в ремонт, сообщать о нём и вернуть его. Согласие действует {term}."
        " Отозвать его можно на странице акта или письмом в техническую поддержку; данные, кроме"
        " тех, что закон требует хранить, уничтожаются не позже 30 дней после отзыва.",
        "I consent to FLAT-PRO handling my name, telephone, e-mail and address, in order to take"
        " the phone in for repair, tell me of it and return it. The consent holds {term}. It is"
        " withdrawn on the page of the report or by a letter to technical support; the data, but"
        " for those that the law asks us to keep, are destroyed at most 30 days after that.",
    ),
}
_TERMS = {
    SUPPORT: Phrase(
        "до закрытия обращения и {days} после него",
        "until the request is closed and for {days} after that",
    ),
    REPAIR: Phrase(
        "до конца ремонта и {days} после конца года, в котором он закончен",
        "until the repair is over and for {days} after the end of that year",
    ),
}


#: Days in which what a withdrawn consent allowed has to end (152-ФЗ, article 21.5).
WITHDRAWN_DAYS = 30


class ConsentError(RefusedError):
    code = "consent"
    field = "consent"
    ru = "Отметьте согласие на обработку персональных данных: без него мы не можем вам ответить."
    en = "Tick the consent to the handling of personal data: we can't answer you without it."


class NoConsentError(NotFoundError):
    code = "no-consent"
    ru = "Действующего согласия этого человека нет."
    en = "There is no consent of this person that holds."


def term_phrase(purpose: str, days: int) -> Phrase:
    """For how long a consent to a purpose holds, where its class is kept so many days."""
    return filled(_TERMS[purpose], {"days": lasting_phrase(days)})


def text_of(purpose: str, days: int) -> Phrase:
    """What somebody consents to."""
    return filled(_TEXTS[purpose], {"term": term_phrase(purpose, days)})


def text_now(session: Session, purpose: str) -> Phrase:
    """The text with the term that holds now."""
    return text_of(purpose, terms.current(session).days[CLASS_OF[purpose]])


def give(
    session: Session,
    email: str,
    *,
    source: str,
    channel: str,
    now: datetime,
    purpose: str = SUPPORT,
) -> Consent:
    """Record that a person has consented to the text of a purpose as it stands now."""
    days = terms.current(session).days[CLASS_OF[purpose]]
    made = Consent(
        email=email.strip().lower(),
        purpose=purpose,
        text_version=VERSION,
        text_sha256=hashlib.sha256(text_of(purpose, days).ru.encode()).hexdigest(),
        term_days=days,
        given_at=now,
        source=source,
        channel=channel,
    )
    session.add(made)
    session.flush()
    return made


def withdraw(session: Session, consent: Consent, *, actor: str, now: datetime) -> None:
    """Note that the person takes it back; twice is once, and what is over stays so."""
    if consent.ended_at is None:
        consent.withdrawn_at = now
        audit.record(session, actor, "consent.withdraw", f"consent:{consent.id}", now)


def ends_on(consent: Consent) -> date | None:
    """The last day for the end of the data; None while the consent holds."""
    if consent.ended_at is None:
        return None
    return add_days(moscow_date(consent.ended_at), WITHDRAWN_DAYS)


def of(session: Session, consent_id: int | None) -> Consent | None:
    """A consent by its number."""
    return session.get(Consent, consent_id) if consent_id else None


def withdraw_own(session: Session, consent_id: int | None, *, actor: str, now: datetime) -> None:
    """Take back the consent of one's own case; raises NoConsentError where there is none."""
    found = of(session, consent_id)
    if found is None or not found.email:
        raise NoConsentError
    withdraw(session, found, actor=actor, now=now)
