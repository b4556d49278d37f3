"""Listing a release: its target, statement, channels and signed lists change in one transaction.

Nothing listed is ever absent, nothing half published is ever listed.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from catalogue import repository, statements, targets
from catalogue.keys import KeyRing
from catalogue.models import Product
from catalogue.phone_manifest import statement_text
from firmware import visibility
from firmware.models import Channel, Release, ReleaseChannel, ReleaseState
from firmware.paths import Problem
from firmware.version_marks import marking
from storage.blobs import StoredBlob
from storage.refusals import ConflictError


class DeadEndError(ConflictError):
    code = "upgrade-dead-end"
    field = "min_from"
    ru = "Так часть телефонов не сможет обновиться: {problem_ru}."
    en = "Some phones could not upgrade: {problem_en}."


def put_out(
    session: Session,
    release: Release,
    channel: Channel,
    keys: KeyRing,
    *,
    actor: str,
    now: datetime,
) -> None:
    """List a stored release; where people sign on machines of their own it waits for them.

    Raises DeadEndError when some version ever shipped could no longer reach the latest.
    """
    artifact, path = release.artifact, target_path(release)
    stuck = stranded(session, release.product)
    release.state = ReleaseState.AWAITING
    release.published_at = now
    release.published_by = actor
    _state(release, keys)
    targets.register(session, path, StoredBlob(artifact.sha256, artifact.size), now)
    put_into(release, channel, actor, now)
    session.flush()
    check_paths(session, release.product, stuck)
    audit.record(
        session,
        actor,
        "release.publish",
        subject(release),
        now,
        channel=str(channel),
        sha256=artifact.sha256,
        inspected=artifact.inspected,
    )
    if keys.firmware is None:
        statements.wait(session, path, artifact.statement)
    visible = repository.publish(session, keys, [path], now)
    visibility.offer(session, visible, keys, now)


def put_into(release: Release, channel: Channel, actor: str, now: datetime) -> None:
    """Promote to `channel`; what is stable is offered to testers too."""
    wanted = {channel, Channel.TESTING}
    for name in sorted(wanted - release.channel_names):
        release.channels.append(ReleaseChannel(channel=name, promoted_at=now, promoted_by=actor))


def stranded(session: Session, product: Product) -> list[Problem]:
    """Where phones of a product get stuck on their way to the latest release of a channel."""
    return marking.problems_of(session, product)


def check_paths(session: Session, product: Product, before: Sequence[Problem]) -> None:
    """Refuse what strands phones that had a way; those stuck `before` forbid no mending step."""
    problems = marking.newly_stuck(before, stranded(session, product))
    if problems:
        first = problems[0]
        raise DeadEndError(problem_ru=first.text("ru"), problem_en=first.text("en"))


def target_path(release: Release) -> str:
    """The name that mirrors and tools know the release's file by."""
    return f"fw/{release.product.code}/{release.version}/{release.artifact.file_name}"


def subject(release: Release) -> str:
    """How the audit trail names a release."""
    return f"release:{release.product.code}/{release.version}"


def blob_owner(release: Release) -> str:
    """Who needs the release's bytes, for the blob store's book."""
    return f"firmware.artifact:{release.product.code}/{release.version}"


def _state(release: Release, keys: KeyRing) -> None:
    """Write the statement that phones trust, and sign it if the key lies here."""
    artifact = release.artifact
    artifact.statement = statement_text(
        product=release.product.code,
        version=release.version,
        hardware=tuple(artifact.hardware),
        file=artifact.file_name,
        size=artifact.size,
        sha256=artifact.sha256,
        min_from=release.min_from,
    )
    comment = f"{release.product.code} {release.version}"
    key = keys.firmware
    artifact.statement_sig = key.sign(artifact.statement.encode(), comment) if key else ""
