"""Drafts: releases that only staff see, checked and signed off before they are published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products
from catalogue.keys import KeyRing
from catalogue.versions import Version
from firmware import images, listing, publishing, releases, sboms
from firmware.models import Channel, Release, ReleaseDraft, ReleaseState, Step
from firmware.paths import Problem
from firmware.publishing import NewRelease, StoredImage
from firmware.reviewing import checklist, sign_offs
from firmware.reviewing.checklist import Check
from firmware.reviewing.options import SignOffOptions
from firmware.sboms import StoredSbom
from firmware.version_marks import marking
from firmware.withdrawal import forget
from jobs import queue
from storage.refusals import ConflictError, NotFoundError, RefusedError

#: The job that publishes what is due; one is queued for the time of each draft.
PUBLISH_DUE = "firmware.publish-due"


class UnknownDraftError(NotFoundError):
    code = "unknown-draft"
    ru = "У изделия {product} нет черновика {version}."
    en = "The product {product} has no draft {version}."


class DraftChangedError(ConflictError):
    code = "draft-changed"
    ru = "Черновик {version} тем временем изменили. Посмотрите его ещё раз."
    en = "The draft {version} was changed meanwhile. Look at it again."


class ChecksFailError(ConflictError):
    code = "checks-fail"
    ru = "Черновик {version} не прошёл проверку. {problem_ru}"
    en = "The draft {version} fails a check. {problem_en}"


class EmbargoedError(ConflictError):
    code = "embargoed"
    ru = "Выпуск {version} нельзя опубликовать раньше назначенного времени; его можно изменить."
    en = "Release {version} may not be published before its time; the time can be changed."


class PublishTimePastError(RefusedError):
    code = "publish-time-past"
    field = "publish_at"
    ru = "Время публикации уже прошло."
    en = "The time of publication has passed."


@dataclass(frozen=True)
class DraftWords:
    """What may be changed of a draft. `publish_at` is an instant, None: when a person says so."""

    channel: str
    min_from: str | None
    notes_ru: str
    notes_en: str
    publish_at: datetime | None


@dataclass(frozen=True)
class DraftState:
    """A draft as people judge it: its checks and who has agreed."""

    release: Release
    checks: Sequence[Check]
    signed: Sequence[str]
    required: int
    candidates: Sequence[str]

    @property
    def is_sound(self) -> bool:
        return checklist.is_sound(self.checks)

    @property
    def is_signed_off(self) -> bool:
        return len(self.signed) >= self.required

    def may_publish(self, now: datetime) -> bool:
        """Whether a person may publish it now."""
        due = self.release.draft.publish_at if self.release.draft else None
        return self.is_sound and self.is_signed_off and (due is None or due <= now)


def make(
    session: Session,
    new: NewRelease,
    image: StoredImage,
    *,
    publish_at: datetime | None,
    sbom: StoredSbom | None,
    actor: str,
    now: datetime,
) -> Release:
    """Keep a release as a draft; raises what publishing.check_words raises.

    The rest is judged by the checklist.
    """
    publishing.check_words(session, new)
    _check_time(publish_at, now)
    product = products.get(session, new.product)
    hardware = publishing.hardware_of(product, new, image)
    release = publishing.make_release(session, product, new, image, hardware, actor=actor, now=now)
    release.draft = ReleaseDraft(
        channel=releases.channel_named(new.channel),
        publish_at=publish_at,
        header=_header(image),
        as_step=new.as_step,
        revision=1,
    )
    if sbom is not None:
        sboms.attach(session, release, sbom, now)
    session.flush()
    _queue(session, publish_at, actor, now)
    _record(session, release, "release.draft", actor, now, sha256=image.blob.sha256)
    return release


def get(
    session: Session, product_code: str, version: str, *, revision: int | None = None
) -> Release:
    """The draft, locked for this transaction.

    Raises UnknownDraftError, and DraftChangedError when it is no longer the `revision` that the
    person saw.
    """
    product = products.get(session, product_code)
    found = session.scalar(
        select(Release)
        .where(
            Release.product_id == product.id,
            Release.canonical == Version.parse(version).canonical,
            Release.state == ReleaseState.DRAFT,
        )
        .with_for_update(of=Release)
    )
    if found is None or found.draft is None:
        raise UnknownDraftError(product=product.code, version=version)
    if revision is not None and found.draft.revision != revision:
        raise DraftChangedError(version=found.version)
    return found


def judge(session: Session, release: Release, options: SignOffOptions) -> DraftState:
    """The draft with its checks and sign-offs as they are now."""
    counted = sign_offs.counted(session, release, Step.PUBLISH, options)
    return DraftState(
        release=release,
        checks=checks(session, release),
        signed=tuple(entry.login for entry in counted),
        required=options.required,
        candidates=sign_offs.candidates(session, release, Step.PUBLISH),
    )


def checks(session: Session, release: Release) -> tuple[Check, ...]:
    """The checklist of a draft, against what is published now."""
    draft = _draft(release)
    published = releases.with_awaiting(session, release.product_id)
    current = releases.current(published, draft.channel)
    return checklist.checks(
        checklist.Draft(
            product=release.product.code,
            version=Version.parse(release.version),
            hardware=tuple(release.artifact.hardware),
            known_hardware=release.product.revisions,
            header=_stored_header(draft),
            channel=draft.channel,
            as_step=draft.as_step,
            current=Version.parse(current.version) if current else None,
            notes_ru=release.notes_ru,
            notes_en=release.notes_en,
            size=release.artifact.size,
            max_size=publishing.MAX_IMAGE_BYTES,
            previous_size=published[0].artifact.size if published else None,
            problems=_problems(release, published),
            sbom=release.sbom.standard if release.sbom else None,
        )
    )


def sign_off(
    session: Session,
    release: Release,
    login: str,
    options: SignOffOptions,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Note that this person agrees; raises ChecksFailError for a draft with a failing check."""
    _check_sound(release, checks(session, release))
    sign_offs.sign(session, release, Step.PUBLISH, login, options, actor=actor, now=now)
    publish_at = _draft(release).publish_at
    if publish_at is not None and publish_at <= now:
        _queue(session, now, actor, now)


def edit(
    session: Session, release: Release, words: DraftWords, *, actor: str, now: datetime
) -> None:
    """Change what may be changed; who had agreed must agree again."""
    draft = _draft(release)
    channel = releases.channel_named(words.channel)
    if words.min_from:
        Version.parse(words.min_from)
    if words.publish_at != draft.publish_at:
        _check_time(words.publish_at, now)
        _queue(session, words.publish_at, actor, now)
    draft.channel = channel
    draft.publish_at = words.publish_at
    release.min_from = words.min_from or None
    release.notes_ru = words.notes_ru
    release.notes_en = words.notes_en
    _changed(session, release, "release.draft-edit", actor, now)


def attach_sbom(
    session: Session, release: Release, sbom: StoredSbom, *, actor: str, now: datetime
) -> None:
    """Keep an SBOM with the draft; who had agreed must agree again."""
    sboms.attach(session, release, sbom, now)
    _changed(session, release, "release.draft-sbom", actor, now, sha256=sbom.blob.sha256)


def discard(session: Session, release: Release, *, actor: str, now: datetime) -> None:
    """Throw a draft away; only the audit trail remembers it."""
    _record(session, release, "release.discard", actor, now, sha256=release.artifact.sha256)
    sboms.forget(session, release)
    forget(session, release)


def publish(
    session: Session,
    release: Release,
    keys: KeyRing,
    options: SignOffOptions,
    *,
    actor: str,
    now: datetime,
) -> None:
    """List a draft that is sound, signed off and due.

    Raises ChecksFailError, SignOffsMissingError, EmbargoedError or DeadEndError.
    """
    draft = _draft(release)
    _check_sound(release, checks(session, release))
    sign_offs.check(session, release, Step.PUBLISH, options)
    if draft.publish_at is not None and draft.publish_at > now:
        raise EmbargoedError(version=release.version)
    channel = Channel(draft.channel)
    release.draft = None
    listing.put_out(session, release, channel, keys, actor=actor, now=now)


def due(session: Session, now: datetime) -> Sequence[tuple[str, str]]:
    """Product and version of the drafts whose time has come."""
    found = session.scalars(
        select(Release)
        .join(ReleaseDraft)
        .where(Release.state == ReleaseState.DRAFT, ReleaseDraft.publish_at <= now)
        .order_by(ReleaseDraft.publish_at, Release.id)
    ).unique()
    return [(release.product.code, release.version) for release in found]


def words_of(release: Release) -> DraftWords:
    """What may be changed of a draft, as it stands."""
    draft = _draft(release)
    return DraftWords(
        channel=draft.channel,
        min_from=release.min_from,
        notes_ru=release.notes_ru,
        notes_en=release.notes_en,
        publish_at=draft.publish_at,
    )


def _queue(session: Session, at: datetime | None, actor: str, now: datetime) -> None:
    """Have the drafts that are due published at this time."""
    if at is not None:
        queue.submit(session, PUBLISH_DUE, {}, actor=actor, now=now).run_after = at


def _changed(
    session: Session, release: Release, action: str, actor: str, now: datetime, **details: object
) -> None:
    draft = _draft(release)
    draft.revision += 1
    cleared = sign_offs.clear(session, release)
    _record(session, release, action, actor, now, sign_offs_cleared=cleared, **details)


def _record(
    session: Session, release: Release, action: str, actor: str, now: datetime, **details: object
) -> None:
    audit.record(session, actor, action, listing.subject(release), now, **details)


def _draft(release: Release) -> ReleaseDraft:
    if release.draft is None:
        raise UnknownDraftError(product=release.product.code, version=release.version)
    return release.draft


def _check_time(publish_at: datetime | None, now: datetime) -> None:
    if publish_at is not None and publish_at <= now:
        raise PublishTimePastError


def _check_sound(release: Release, found: Sequence[Check]) -> None:
    for check in found:
        if check.result is checklist.Result.FAILED:
            raise ChecksFailError(version=release.version, problem_ru=check.ru, problem_en=check.en)


def _header(image: StoredImage) -> dict[str, object] | None:
    if not isinstance(image.header, images.ImageHeader):
        return None
    header = image.header
    return {
        "product": header.product,
        "version": str(header.version),
        "hardware": sorted(header.hardware),
    }


def _stored_header(draft: ReleaseDraft) -> checklist.Header | None:
    if draft.header is None:
        return None
    stored = draft.header
    return checklist.Header(
        str(stored["product"]), str(stored["version"]), tuple(stored["hardware"])
    )


def _problems(release: Release, published: Sequence[Release]) -> list[Problem]:
    """What the upgrade graph would suffer from if the draft were in it."""
    draft = _draft(release)
    (node,) = releases.nodes([release])
    channels = frozenset({draft.channel, str(Channel.TESTING)})
    listed, known = releases.nodes(published), releases.marks_of([release])
    before = marking.problems_in(listed, known, release.product)
    graph = (*listed, replace(node, channels=channels))
    after = marking.problems_in(graph, known, release.product)
    return marking.newly_stuck(before, after)
