"""Logins: a wrong password is counted, a right one makes a new session, logout ends it for good."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from accounts import audit, passwords
from accounts.models import LoginFailure, LoginSession, User
from storage.refusals import RefusedError

LIFETIME = timedelta(hours=12)
FAILURE_WINDOW = timedelta(minutes=5)
#: Per source and login, so that a stranger cannot lock the real person out from elsewhere.
MAX_FAILURES = 10


class WrongPasswordError(RefusedError):
    code = "wrong-password"
    ru = "Неверное имя или пароль."
    en = "Wrong login or password."


class TooManyFailuresError(RefusedError):
    code = "too-many-failures"
    ru = "Слишком много неудачных попыток. Подождите пять минут."
    en = "Too many failed attempts. Wait five minutes."


def failures(session: Session, source: str, login: str, now: datetime) -> int:
    """Wrong passwords from this source for this login in the last five minutes."""
    recent = select(func.count()).select_from(LoginFailure)
    return (
        session.scalar(
            recent.where(
                LoginFailure.source == source,
                LoginFailure.login == login,
                LoginFailure.at > now - FAILURE_WINDOW,
            )
        )
        or 0
    )


def record_failure(session: Session, source: str, login: str, now: datetime) -> None:
    """Count a wrong password, and forget those that no longer count."""
    session.execute(delete(LoginFailure).where(LoginFailure.at <= now - FAILURE_WINDOW))
    session.add(LoginFailure(source=source, login=login, at=now))


def verified_user(
    session: Session, login: str, password: str, *, source: str, now: datetime
) -> User:
    """The user whose password this is; raises WrongPasswordError or TooManyFailuresError."""
    if failures(session, source, login, now) >= MAX_FAILURES:
        raise TooManyFailuresError
    # A row of two columns and not the user: to make one would take longer for a login that exists.
    known = select(User.id, User.password_hash).where(
        User.login == login, User.disabled_at.is_(None)
    )
    user_id, password_hash = session.execute(known).one_or_none() or (None, None)
    if not passwords.matches(password, password_hash) or user_id is None:
        raise WrongPasswordError
    return session.get_one(User, user_id)


def begin(session: Session, user: User, *, source: str, now: datetime) -> str:
    """Start a session; returns the secret name that the cookie will hold."""
    session.execute(delete(LoginSession).where(LoginSession.expires_at <= now))
    name = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            name_sha256=_digest(name), user_id=user.id, created_at=now, expires_at=now + LIFETIME
        )
    )
    audit.record(session, user.login, "session.begin", f"user:{user.login}", now, source=source)
    return name


def end(session: Session, name: str) -> None:
    """End a session on the server: the old cookie opens nothing any more."""
    session.execute(delete(LoginSession).where(LoginSession.name_sha256 == _digest(name)))


def user_of(session: Session, name: str, now: datetime) -> User | None:
    """The user of a running session, or None."""
    row = session.get(LoginSession, _digest(name))
    if row is None or row.expires_at <= now:
        return None
    user = session.get_one(User, row.user_id)
    return None if user.disabled_at else user


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
