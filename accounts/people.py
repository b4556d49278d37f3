"""What accounts hold of people: who may log in, and who the audit trail says did what."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from accounts.access import STAFF_ROLES
from accounts.models import ApiToken, AuditEntry, LoginFailure, LoginSession, StoredAnswer, User
from storage.installation import Installation
from storage.masking import columns_of, mask
from storage.people import Held, Holder, Mention, Obstacle, Person
from storage.phrases import Phrase

ACCOUNT = "account"
_AT_ONCE = 200
_CUSTOMERS = User.role.not_in(STAFF_ROLES)


def erased_login(user_id: int) -> str:
    """What an erased account is called from then on."""
    return f"erased-{user_id}"


def mask_audit(session: Session, subject: str, words: Iterable[str]) -> int:
    """Take a person's words out of what is recorded about a thing and its parts."""
    about = or_(AuditEntry.subject == subject, AuditEntry.subject.startswith(f"{subject}/"))
    return mask(session, columns_of(AuditEntry, "actor", "details"), words, about)


def _mentions(session: Session) -> Iterable[Mention]:
    for login, name in session.execute(select(User.login, User.name).where(User.name != "")):
        yield Mention(name=name, login=login, email=login.lower() if "@" in login else "")


def _find(session: Session, who: Person) -> Sequence[Held]:
    return [_held(user) for user in _of(session, who)]


def _expired(session: Session, _category: str, before: datetime) -> Sequence[Held]:
    """Customers' and partners' accounts; what becomes of staff's is for people to say."""
    query = select(User).where(_CUSTOMERS, User.disabled_at < before, User.name != "")
    return [_held(user) for user in session.scalars(query.order_by(User.id).limit(_AT_ONCE))]


def _erase(session: Session, _installation: Installation, held: Held, now: datetime) -> None:
    """The account ends, and its number stands where its login stood."""
    user = session.get_one(User, held.key)
    session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
    session.execute(delete(LoginFailure).where(LoginFailure.login == user.login))
    session.execute(delete(StoredAnswer).where(StoredAnswer.owner == user.login))
    for token in session.scalars(select(ApiToken).where(ApiToken.user_id == user.id)):
        token.name, token.revoked_at = "", token.revoked_at or now
    user.login, user.name, user.password_hash = erased_login(user.id), "", "!"
    user.disabled_at = user.disabled_at or now
    session.flush()


def _obstacles(session: Session, who: Person, _today: date) -> Sequence[Obstacle]:
    working = [u for u in _of(session, who) if u.role in STAFF_ROLES and u.disabled_at is None]
    why = Phrase(
        "Учётная запись сотрудника действует: сначала отключите её.",
        "The person works here: disable the account first.",
    )
    return [Obstacle(why) for _user in working]


def _of(session: Session, who: Person) -> Sequence[User]:
    # An address is the same whatever the case of its letters, and a login may be one.
    theirs = or_(User.login.in_(who.logins), func.lower(User.login).in_(who.emails))
    return session.scalars(select(User).where(theirs).order_by(User.id)).all()


def _held(user: User) -> Held:
    says = {"login": user.login, "name": user.name, "role": str(user.role)}
    return Held(ACCOUNT, f"account:{user.id}", user.id, user.created_at, user.disabled_at, says)


HOLDER = Holder(frozenset({ACCOUNT}), _mentions, _find, _expired, _erase, _obstacles)
