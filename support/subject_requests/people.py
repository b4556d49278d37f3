"""What requests about personal data hold of people: who asked, in which words, the answer."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.people import mask_audit
from storage.installation import Installation
from storage.people import ERASED, Held, Holder, Mention, Person, phone_key
from support.mailroom import people as letters
from support.subject_requests.models import SubjectRequest

ASKED = "subject-request"
_AT_ONCE = 200


def _mentions(session: Session) -> Iterable[Mention]:
    one = SubjectRequest
    for name, email, phone in session.execute(select(one.name, one.email, one.phone).distinct()):
        if email or phone:
            yield Mention(name, email, phone)


def _find(session: Session, who: Person) -> Sequence[Held]:
    one = SubjectRequest
    theirs = [one.email.in_(who.emails)]
    if who.phones:
        bare = select(one.id, one.phone).where(one.email == "")
        ids = [key for key, phone in session.execute(bare) if phone_key(phone) in who.phones]
        theirs.append(one.id.in_(ids))
    return [_held(row) for row in session.scalars(select(one).where(or_(*theirs)).order_by(one.id))]


def _expired(session: Session, _category: str, before: datetime) -> Sequence[Held]:
    one = SubjectRequest
    query = select(one).where(one.answered_at < before, one.name != ERASED).order_by(one.id)
    return [_held(row) for row in session.scalars(query.limit(_AT_ONCE))]


def _erase(session: Session, _installation: Installation, held: Held, _now: datetime) -> None:
    """What was asked for, when, and when it was answered stays."""
    one = session.get_one(SubjectRequest, held.key)
    words = [one.name, one.email, one.phone]
    one.name, one.email, one.phone = ERASED, "", ""
    one.words = one.answer = ERASED
    one.extension_reason = ERASED if one.extension_reason else ""
    letters.forget_about(session, one.subject)
    session.flush()
    mask_audit(session, one.subject, words)


def _held(one: SubjectRequest) -> Held:
    says = {
        "number": one.id,
        "name": one.name,
        "email": one.email,
        "phone": one.phone,
        "text": one.words,
        "answer": one.answer,
    }
    return Held(ASKED, one.subject, one.id, one.came_at, one.answered_at, says)


HOLDER = Holder(frozenset({ASKED}), _mentions, _find, _expired, _erase)
