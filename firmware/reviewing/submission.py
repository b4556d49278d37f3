"""A release as it is handed in: published at once, or kept as a draft where people must agree."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from catalogue.keys import KeyRing
from firmware import publishing, sboms
from firmware.models import Release
from firmware.publishing import NewRelease, StoredImage
from firmware.reviewing import drafts
from firmware.reviewing.options import SignOffOptions
from firmware.sboms import StoredSbom
from storage.clock import MOSCOW
from storage.refusals import RefusedError


class BadPublishTimeError(RefusedError):
    code = "bad-publish-time"
    field = "publish_at"
    ru = "Время «{text}» не понято. Нужно так: 2026-11-25T18:30 (по Москве)."
    en = "The time “{text}” is not understood. Write it so: 2026-11-25T18:30 (Moscow)."


@dataclass(frozen=True)
class Submission:
    """What a person hands in. `publish_at` is an instant: it stays a draft until then."""

    new: NewRelease
    draft: bool = False
    publish_at: datetime | None = None

    def becomes_draft(self, options: SignOffOptions) -> bool:
        """Whether it has to wait for people or for its time."""
        return self.draft or self.publish_at is not None or options.required > 0


def check(session: Session, submission: Submission, options: SignOffOptions) -> None:
    """Refuse what can be refused before any byte is received."""
    if submission.becomes_draft(options):
        publishing.check_words(session, submission.new)
    else:
        publishing.check(session, submission.new)


def submit(
    session: Session,
    submission: Submission,
    image: StoredImage,
    sbom: StoredSbom | None,
    keys: KeyRing,
    options: SignOffOptions,
    *,
    actor: str,
    now: datetime,
) -> Release:
    """Publish the release, or keep it as a draft where the site or the person wants one."""
    if submission.becomes_draft(options):
        return drafts.make(
            session,
            submission.new,
            image,
            publish_at=submission.publish_at,
            sbom=sbom,
            actor=actor,
            now=now,
        )
    release = publishing.publish(session, submission.new, image, keys, actor=actor, now=now)
    if sbom is not None:
        sboms.attach(session, release, sbom, now)
    return release


def publish_time(text: str) -> datetime | None:
    """The instant that a person wrote, in Moscow time unless it names an offset; None for none."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        aware = found if found.tzinfo else found.replace(tzinfo=MOSCOW)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadPublishTimeError(text=text.strip()[:40]) from error


def local_time(instant: datetime | None) -> str:
    """The same for a form: Moscow's time to the minute."""
    return instant.astimezone(MOSCOW).strftime("%Y-%m-%dT%H:%M") if instant else ""
