"""API tokens: random, shown once, stored as SHA-256."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import ApiToken, User
from storage.refusals import NotFoundError

_PREFIX = "fpt_"


class UnknownTokenError(NotFoundError):
    code = "unknown-token"
    ru = "Нет ключа API с номером {number}."
    en = "There is no API token number {number}."


def digest(token: str) -> str:
    """What is stored of a token: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue(
    session: Session,
    user: User,
    name: str,
    *,
    actor: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """A new token of `user`; this is the only time its text exists outside its holder."""
    token = _PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            name=name,
            token_sha256=digest(token),
            user_id=user.id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    audit.record(session, actor, "token.issue", f"user:{user.login}", now, name=name)
    return token


def revoke(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """End a token at once; raises UnknownTokenError."""
    token = session.get(ApiToken, number)
    if token is None:
        raise UnknownTokenError(number=number)
    token.revoked_at = token.revoked_at or now
    audit.record(session, actor, "token.revoke", f"token:{number}", now, name=token.name)


def user_of(session: Session, token: str, now: datetime) -> User | None:
    """The user whose valid token this is, or None."""
    row = session.scalar(select(ApiToken).where(ApiToken.token_sha256 == digest(token)))
    if row is None or row.revoked_at is not None or (row.expires_at and row.expires_at <= now):
        return None
    user = session.get_one(User, row.user_id)
    return None if user.disabled_at else user
