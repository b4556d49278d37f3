"""Users and organisations: making, finding and disabling them."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from accounts import audit, passwords
from accounts.models import LoginSession, Organisation, OrganisationKind, Role, Site, User
from storage.refusals import ConflictError, NotFoundError, RefusedError

ADMIN_LOGIN = "admin"
_LOGIN = re.compile(r"[^\s\x00-\x1f/]{1,64}")


class LoginTakenError(ConflictError):
    code = "login-taken"
    field = "login"
    ru = "Имя {login} уже занято."
    en = "The login {login} is taken."


class UnknownUserError(NotFoundError):
    code = "unknown-user"
    ru = "Нет пользователя {login}."
    en = "There is no user {login}."


class UnknownOrganisationError(NotFoundError):
    code = "unknown-organisation"
    field = "organisation"
    ru = "Нет организации «{name}»."
    en = "There is no organisation “{name}”."


class UnknownSiteError(NotFoundError):
    code = "unknown-site"
    ru = "Нет площадки «{name}»."
    en = "There is no site “{name}”."


class UnknownRoleError(RefusedError):
    code = "unknown-role"
    field = "role"
    ru = "Нет роли «{role}»."
    en = "There is no role “{role}”."


class BadLoginError(RefusedError):
    code = "bad-login"
    field = "login"
    ru = "Имя для входа: от 1 до 64 печатных знаков без пробелов."
    en = "A login is 1 to 64 printable characters without spaces."


class OrganisationNeededError(RefusedError):
    code = "organisation-needed"
    field = "organisation"
    ru = "Пользователю с ролью «{role}» нужна организация."
    en = "A user with the role “{role}” needs an organisation."


@dataclass(frozen=True)
class NewUser:
    login: str
    name: str
    role: Role
    password: str
    organisation: str | None = None


def add(session: Session, new: NewUser, *, actor: str, now: datetime) -> User:
    """Make a user; raises LoginTakenError, WeakPasswordError or an organisation error."""
    if not _LOGIN.fullmatch(new.login):
        raise BadLoginError
    if session.scalar(select(User.id).where(User.login == new.login)) is not None:
        raise LoginTakenError(login=new.login)
    if new.role in {Role.CUSTOMER, Role.PARTNER} and new.organisation is None:
        raise OrganisationNeededError(role=new.role)
    owner = organisation(session, new.organisation) if new.organisation else None
    user = User(
        login=new.login,
        name=new.name,
        role=new.role,
        password_hash=passwords.hash_password(new.password),
        organisation_id=owner.id if owner else None,
        created_at=now,
    )
    session.add(user)
    session.flush()
    audit.record(session, actor, "user.add", f"user:{new.login}", now, role=new.role)
    return user


def role_named(text: str) -> Role:
    """The role of this name; raises UnknownRoleError."""
    if text not in set(Role):
        raise UnknownRoleError(role=text[:32])
    return Role(text)


def disable(session: Session, login: str, *, actor: str, now: datetime) -> None:
    """Shut a user out: every session of theirs ends at once."""
    user = get(session, login)
    user.disabled_at = user.disabled_at or now
    session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
    audit.record(session, actor, "user.disable", f"user:{login}", now)


def get(session: Session, login: str) -> User:
    """The user with this login; raises UnknownUserError."""
    user = session.scalar(select(User).where(User.login == login))
    if user is None:
        raise UnknownUserError(login=login)
    return user


def ensure_admin(session: Session, password: str | None, now: datetime) -> str | None:
    """Make the first admin if nobody is there yet; returns the password to show once."""
    if session.scalar(select(User.id).limit(1)) is not None:
        return None
    chosen = password or passwords.generate()
    new = NewUser(ADMIN_LOGIN, "Администратор", Role.ADMIN, chosen)
    add(session, new, actor="first start", now=now)
    return chosen


def add_organisation(
    session: Session, name: str, kind: OrganisationKind, partner: Organisation | None = None
) -> Organisation:
    """Make an organisation, served by `partner` if one is given."""
    made = Organisation(name=name, kind=kind, partner_id=partner.id if partner else None)
    session.add(made)
    session.flush()
    return made


def organisation(session: Session, name: str) -> Organisation:
    """The organisation of this name; raises UnknownOrganisationError."""
    found = session.scalar(select(Organisation).where(Organisation.name == name))
    if found is None:
        raise UnknownOrganisationError(name=name)
    return found


def site(session: Session, name: str) -> Site:
    """The site of this name (the first by organisation); raises UnknownSiteError."""
    found = session.scalar(select(Site).where(Site.name == name).order_by(Site.organisation_id))
    if found is None:
        raise UnknownSiteError(name=name)
    return found
