"""The engineer whom a contract names: its requests go to that person (S-8)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import Role, User
from storage.refusals import RefusedError
from support.agreements import agreed
from support.agreements.models import SupportContract
from support.packages.package import Package

#: Who answers requests.
_ANSWERERS = (Role.AGENT, Role.ENGINEER, Role.ADMIN)


class NamedEngineerError(RefusedError):
    code = "named-engineer"
    field = "named_engineer"
    ru = "{login} на обращения не отвечает: выберите сотрудника поддержки или инженера."
    en = "{login} answers no requests: choose one of support or an engineer."


class NoNamedEngineerError(RefusedError):
    code = "no-named-engineer"
    field = "named_engineer"
    ru = "В пакет {package} закреплённый инженер не входит."
    en = "The package {package} has no named engineer."


def answerers(session: Session) -> Sequence[User]:
    """Whom a contract may name, by name."""
    query = select(User).where(User.role.in_([str(role) for role in _ANSWERERS]))
    return session.scalars(query.where(User.disabled_at.is_(None)).order_by(User.name)).all()


def checked(session: Session, package: Package, typed: str) -> str:
    """The login of the engineer to name, empty for none; raises the errors above."""
    login = typed.strip()
    if not login:
        return ""
    if not package.named_engineer:
        raise NoNamedEngineerError(package=package.code)
    if login not in {one.login for one in answerers(session)}:
        raise NamedEngineerError(login=login[:64])
    return login


def name(
    session: Session, contract: SupportContract, typed: str, *, actor: str, now: datetime
) -> None:
    """Name another engineer, or nobody; requests that are somebody's already stay theirs."""
    login = checked(session, agreed.package_of(contract), typed)
    if login != contract.named_engineer:
        contract.named_engineer = login
        subject = contract.subject
        audit.record(session, actor, "support-contract.engineer", subject, now, to=login or None)


def of(session: Session, contract: SupportContract) -> User | None:
    """The named engineer, if that person still answers; old contracts hold a name, not a login."""
    said = contract.named_engineer
    if not said or not agreed.package_of(contract).named_engineer:
        return None
    query = select(User).where(
        or_(User.login == said, User.name == said),
        User.role.in_([str(role) for role in _ANSWERERS]),
        User.disabled_at.is_(None),
    )
    return session.scalar(query.order_by(User.login != said, User.id).limit(1))
