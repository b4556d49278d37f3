"""Sign-offs: how many people other than the uploader must agree to a step, and who has."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import Role, User
from firmware import listing
from firmware.models import Release, SignOff, Step
from firmware.reviewing.options import SignOffOptions
from storage.refusals import ConflictError, RefusedError

SIGNING_ROLES = (Role.PUBLISHER, Role.ADMIN)


class SignOffsMissingError(ConflictError):
    code = "sign-offs-missing"
    ru = "Для выпуска {version} не хватает согласований: есть {found} из {required}."
    en = "Release {version} lacks sign-offs: it has {found} of {required}."


class OwnSignOffError(RefusedError):
    code = "own-sign-off"
    ru = "Файл загрузили вы: согласовать его должен кто-то другой."
    en = "You uploaded the file: somebody else has to sign it off."


class MayNotSignOffError(RefusedError):
    code = "may-not-sign-off"
    ru = "{login} согласовать не может: нужен действующий публикатор или администратор."
    en = "{login} may not sign off: that takes an active publisher or admin."


def sign(
    session: Session,
    release: Release,
    step: Step,
    login: str,
    options: SignOffOptions,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Note that this person agrees; doing it twice changes nothing."""
    if login not in able(session, (login,)):
        raise MayNotSignOffError(login=login)
    if options.required and login == release.uploader:
        raise OwnSignOffError
    if login in _signed(release, step):
        return
    release.sign_offs.append(SignOff(step=step, login=login, signed_at=now))
    session.flush()
    audit.record(
        session,
        actor,
        "release.sign-off",
        listing.subject(release),
        now,
        step=str(step),
        login=login,
        sha256=release.artifact.sha256,
    )


def take_back(
    session: Session, release: Release, step: Step, login: str, *, actor: str, now: datetime
) -> None:
    """Note that this person agrees no longer; without a sign-off nothing changes."""
    for entry in [s for s in release.sign_offs if (s.step, s.login) == (step, login)]:
        release.sign_offs.remove(entry)
        subject = listing.subject(release)
        audit.record(
            session, actor, "release.sign-off-withdraw", subject, now, step=str(step), login=login
        )
    session.flush()


def clear(session: Session, release: Release) -> int:
    """Forget the sign-offs of a draft that was changed; how many there were."""
    gone = len(release.sign_offs)
    release.sign_offs.clear()
    session.flush()
    return gone


def counted(
    session: Session, release: Release, step: Step, options: SignOffOptions
) -> Sequence[SignOff]:
    """The sign-offs that count now: of people who may still sign, not the uploader's own."""
    active = able(session, _signed(release, step))
    return [
        entry
        for entry in release.sign_offs
        if entry.step == step
        and entry.login in active
        and not (options.required and entry.login == release.uploader)
    ]


def check(session: Session, release: Release, step: Step, options: SignOffOptions) -> None:
    """Raise SignOffsMissingError while too few people have agreed."""
    found = len(counted(session, release, step, options))
    if found < options.required:
        raise SignOffsMissingError(version=release.version, found=found, required=options.required)


def candidates(session: Session, release: Release, step: Step) -> Sequence[str]:
    """Who could still sign off: active publishers and admins other than the uploader."""
    query = select(User.login).where(User.disabled_at.is_(None), User.role.in_(SIGNING_ROLES))
    asked = set(session.scalars(query)) - {release.uploader, *_signed(release, step)}
    return sorted(asked)


def _signed(release: Release, step: Step) -> tuple[str, ...]:
    return tuple(entry.login for entry in release.sign_offs if entry.step == step)


def able(session: Session, logins: Sequence[str]) -> frozenset[str]:
    """Those of these people who may sign off now."""
    query = select(User.login).where(
        User.login.in_(logins), User.disabled_at.is_(None), User.role.in_(SIGNING_ROLES)
    )
    return frozenset(session.scalars(query))
