"""Withdrawing a release: it is offered no more, and everyone is told why and what to take."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products, repository, targets
from catalogue.keys import KeyRing
from firmware import listing, manifests, releases
from firmware.models import Release, ReleaseState
from storage.blob_keeping import blob_models
from storage.refusals import ConflictError, RefusedError


class AlreadyWithdrawnError(ConflictError):
    code = "already-withdrawn"
    ru = "Выпуск {version} уже отозван."
    en = "The release {version} is already withdrawn."


class ReasonMissingError(RefusedError):
    code = "reason-missing"
    field = "reason"
    ru = "Укажите причину отзыва: её увидят все."
    en = "Give the reason for the withdrawal: everyone will see it."


class BadReplacementError(RefusedError):
    code = "bad-replacement"
    field = "replacement"
    ru = "Выпуск {version} нельзя посоветовать взамен: он отозван, не опубликован или тот же самый."
    en = "Release {version} is no replacement: it is withdrawn, not published or the same one."


def withdraw(
    session: Session,
    product_code: str,
    version: str,
    keys: KeyRing,
    *,
    reason: str,
    replacement: str | None,
    actor: str,
    now: datetime,
) -> Release:
    """Stop offering a release and say why; its bytes stay reachable by hash.

    One that still waits for signatures was never offered: it is taken back without a trace but
    in the audit trail.
    """
    if not reason.strip():
        raise ReasonMissingError
    product = products.get(session, product_code)
    release = releases.get(session, product, version)
    if release.is_withdrawn:
        raise AlreadyWithdrawnError(version=release.version)
    if release.is_awaiting:
        return _take_back(session, release, keys, actor, now)
    if replacement:
        release.replacement = _replacement(session, release, replacement)
    release.state = ReleaseState.WITHDRAWN
    release.withdrawn_at = now
    release.withdrawn_reason = reason.strip()
    path = listing.target_path(release)
    targets.withdraw(session, path, now)
    session.flush()
    audit.record(
        session,
        actor,
        "release.withdraw",
        listing.subject(release),
        now,
        reason=reason.strip(),
        replacement=release.replacement,
    )
    repository.publish(session, keys, [path], now)
    manifests.refresh(session, product, keys, now)
    return release


def _replacement(session: Session, release: Release, version: str) -> str:
    other = releases.get(session, release.product, version)
    if other is release or other.is_withdrawn or other.is_awaiting:
        raise BadReplacementError(version=other.version)
    return other.version


def _take_back(
    session: Session, release: Release, keys: KeyRing, actor: str, now: datetime
) -> Release:
    path = listing.target_path(release)
    targets.discard(session, path)
    forget(session, release)
    audit.record(session, actor, "release.discard", listing.subject(release), now)
    repository.publish(session, keys, [path], now)
    return release


def forget(session: Session, release: Release) -> None:
    """Delete a release that was never listed; its bytes are nobody's any more."""
    blob_models.release(session, listing.blob_owner(release))
    session.delete(release)
    session.flush()
