"""Publishing, promoting and withdrawing releases.

The bytes are durable before the row, the rows and the signed lists change in one transaction:
nothing listed is ever absent, nothing half published is ever listed.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products, repository, statements, targets
from catalogue.keys import KeyRing
from catalogue.models import Product
from catalogue.phone_manifest import part_hashes, statement_text
from catalogue.versions import Version
from firmware import images, manifests, paths, releases, version_marks, visibility
from firmware.image_formats import load_formats
from firmware.models import Artifact, Channel, Release, ReleaseChannel, ReleaseState
from storage import blob_models
from storage.blobs import BlobStore, Readable, StoredBlob
from storage.refusals import ConflictError, RefusedError

MAX_IMAGE_BYTES = 2 * 1024**3
_FILE_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,120}")
_RESERVED = ("manifest.json", "SHA256SUMS")


class BadFileNameError(RefusedError):
    code = "bad-file-name"
    field = "file"
    ru = "Имя файла «{name}» не годится: без косых черт и управляющих знаков, не manifest.json."
    en = "The file name “{name}” is unusable: no slashes, no control characters, not manifest.json."


class FileNameTakenError(ConflictError):
    code = "file-name-taken"
    field = "file"
    ru = "Файл {name} у изделия {product} уже есть: имя говорит, какой это выпуск."
    en = "The product {product} already has a file {name}: the name tells the release."


class VersionDoesNotRiseError(ConflictError):
    code = "version-does-not-rise"
    field = "version"
    ru = "Версия {version} не выше уже опубликованной {latest} (канал {channel})."
    en = "Version {version} does not rise above {latest}, already published ({channel})."


class ReleaseExistsError(ConflictError):
    code = "release-exists"
    field = "version"
    ru = "Выпуск {version} изделия {product} уже есть."
    en = "The release {version} of {product} already exists."


class UnknownHardwareError(RefusedError):
    code = "unknown-hardware"
    field = "hardware"
    ru = "У изделия {product} нет ревизии {hardware}."
    en = "The product {product} has no hardware revision {hardware}."


class DeadEndError(ConflictError):
    code = "upgrade-dead-end"
    field = "min_from"
    ru = "Так часть телефонов не сможет обновиться: {problem_ru}."
    en = "Some phones could not upgrade: {problem_en}."


class AlreadyWithdrawnError(ConflictError):
    code = "already-withdrawn"
    ru = "Выпуск {version} уже отозван."
    en = "The release {version} is already withdrawn."


class ReasonMissingError(RefusedError):
    code = "reason-missing"
    field = "reason"
    ru = "Укажите причину отзыва: её увидят все."
    en = "Give the reason for the withdrawal: everyone will see it."


@dataclass(frozen=True)
class NewRelease:
    """What a publisher says of a release; no `hardware` means what the image or product says.

    `as_step` lets the version lie below the latest: a step for phones that have no way to it.
    """

    product: str
    version: str
    file_name: str
    channel: str = Channel.TESTING
    hardware: Sequence[str] = ()
    min_from: str | None = None
    notes_ru: str = ""
    notes_en: str = ""
    as_step: bool = False


@dataclass(frozen=True)
class StoredImage:
    """An image whose bytes are safe on disk and whose header is proved."""

    blob: StoredBlob
    parts: tuple[str, ...]
    header: images.ImageHeader | images.NotInspected


def check(session: Session, new: NewRelease) -> None:
    """Refuse what can be refused before any byte is received."""
    product = products.get(session, new.product)
    version = Version.parse(new.version)
    _check_file_name(new.file_name)
    channel = releases.channel_named(new.channel)
    if new.min_from:
        Version.parse(new.min_from)
    for revision in new.hardware:
        if revision not in product.revisions:
            raise UnknownHardwareError(product=product.code, hardware=revision)
    published = releases.with_awaiting(session, product.id)
    if any(Version.parse(release.version) == version for release in published):
        raise ReleaseExistsError(version=version, product=product.code)
    name = unicodedata.normalize("NFC", new.file_name)
    if any(release.artifact.file_name == name for release in published):
        raise FileNameTakenError(name=name, product=product.code)
    latest = releases.current(published, channel)
    if not new.as_step and latest is not None and version < Version.parse(latest.version):
        raise VersionDoesNotRiseError(version=version, latest=latest.version, channel=channel)


def store_image(blobs: BlobStore, stream: Readable) -> StoredImage:
    """Store the bytes and prove the header; raises a BadImageError or what the store raises."""
    blob = blobs.put(stream, limit=MAX_IMAGE_BYTES)
    with blobs.open(blob.sha256) as file:
        header = images.inspect(file, load_formats())
        file.seek(0)
        return StoredImage(blob, part_hashes(file), header)


def publish(
    session: Session,
    new: NewRelease,
    image: StoredImage,
    keys: KeyRing,
    *,
    actor: str,
    now: datetime,
) -> Release:
    """List the release: rows, signed statement, audit entry and signed lists in one transaction.

    Where people sign on machines of their own it waits for them, and nobody else sees it. Raises
    what `check` raises, HeaderContradictsError, and DeadEndError when some version ever shipped
    could no longer reach the latest.
    """
    check(session, new)
    product = products.get(session, new.product)
    version = Version.parse(new.version)
    hardware = _hardware(product, new, image)
    if isinstance(image.header, images.ImageHeader):
        images.check_against(image.header, product.code, version, hardware)
    release = _release(product, new, actor, now)
    release.artifact = _artifact(product, new, image, hardware, keys)
    blob_models.record(session, image.blob, f"firmware.artifact:{product.code}/{version}", now)
    stuck = version_marks.problems_of(session, product)
    session.add(release)
    session.flush()
    targets.register(session, target_path(release), image.blob, now)
    _put_into(release, releases.channel_named(new.channel), actor, now)
    session.flush()
    _check_paths(session, product, stuck)
    audit.record(
        session,
        actor,
        "release.publish",
        subject(release),
        now,
        channel=new.channel,
        sha256=image.blob.sha256,
        inspected=release.artifact.inspected,
    )
    if keys.firmware is None:
        statements.wait(session, target_path(release), release.artifact.statement)
    visible = repository.publish(session, keys, [target_path(release)], now)
    visibility.offer(session, visible, keys, now)
    return release


def promote(
    session: Session,
    product_code: str,
    version: str,
    channel: str,
    keys: KeyRing,
    *,
    actor: str,
    now: datetime,
) -> Release:
    """Move a release to a channel; doing it twice changes nothing."""
    wanted = releases.channel_named(channel)
    product = products.get(session, product_code)
    release = releases.get(session, product, version)
    if release.is_withdrawn:
        raise AlreadyWithdrawnError(version=release.version)
    if wanted not in release.channel_names:
        stuck = version_marks.problems_of(session, product)
        _put_into(release, wanted, actor, now)
        session.flush()
        _check_paths(session, product, stuck)
        audit.record(session, actor, "release.promote", subject(release), now, channel=wanted)
        manifests.refresh(session, product, keys, now)
    return release


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
        return _discard(session, release, keys, actor, now)
    if replacement:
        release.replacement = releases.get(session, product, replacement).version
    release.state = ReleaseState.WITHDRAWN
    release.withdrawn_at = now
    release.withdrawn_reason = reason.strip()
    targets.withdraw(session, target_path(release), now)
    session.flush()
    audit.record(session, actor, "release.withdraw", subject(release), now, reason=reason.strip())
    repository.publish(session, keys, [target_path(release)], now)
    manifests.refresh(session, product, keys, now)
    return release


def target_path(release: Release) -> str:
    """The name that mirrors and tools know the release's file by."""
    return f"fw/{release.product.code}/{release.version}/{release.artifact.file_name}"


def subject(release: Release) -> str:
    """How the audit trail names a release."""
    return f"release:{release.product.code}/{release.version}"


def _check_file_name(name: str) -> None:
    if not _FILE_NAME.fullmatch(name) or name in _RESERVED or name.startswith("."):
        raise BadFileNameError(name=name[:120])


def _hardware(product: Product, new: NewRelease, image: StoredImage) -> tuple[str, ...]:
    """The revisions a release is for: as said, else as the image says, else all."""
    if new.hardware:
        return tuple(sorted(set(new.hardware)))
    if isinstance(image.header, images.ImageHeader):
        unknown = image.header.hardware - set(product.revisions)
        if unknown:
            raise UnknownHardwareError(product=product.code, hardware=min(unknown))
        return tuple(sorted(image.header.hardware))
    return product.revisions


def _release(product: Product, new: NewRelease, actor: str, now: datetime) -> Release:
    version = Version.parse(new.version)
    return Release(
        product=product,
        version=str(version),
        canonical=version.canonical,
        state=ReleaseState.AWAITING,
        min_from=new.min_from or None,
        notes_ru=new.notes_ru,
        notes_en=new.notes_en,
        salt=secrets.token_hex(8),
        percent=100.0,
        published_at=now,
        published_by=actor,
    )


def _artifact(
    product: Product, new: NewRelease, image: StoredImage, hardware: tuple[str, ...], keys: KeyRing
) -> Artifact:
    name = unicodedata.normalize("NFC", new.file_name)
    text = statement_text(
        product=product.code,
        version=str(Version.parse(new.version)),
        hardware=hardware,
        file=name,
        size=image.blob.size,
        sha256=image.blob.sha256,
        min_from=new.min_from or None,
    )
    comment = f"{product.code} {new.version}"
    return Artifact(
        file_name=name,
        sha256=image.blob.sha256,
        size=image.blob.size,
        hardware=list(hardware),
        parts=list(image.parts),
        inspected=isinstance(image.header, images.ImageHeader),
        statement=text,
        statement_sig=keys.firmware.sign(text.encode(), comment) if keys.firmware else "",
    )


def _discard(
    session: Session, release: Release, keys: KeyRing, actor: str, now: datetime
) -> Release:
    path = target_path(release)
    product, version = release.product.code, release.version
    targets.discard(session, path)
    blob_models.release(session, f"firmware.artifact:{product}/{version}")
    audit.record(session, actor, "release.discard", subject(release), now)
    session.delete(release)
    repository.publish(session, keys, [path], now)
    return release


def _put_into(release: Release, channel: Channel, actor: str, now: datetime) -> None:
    """Promote to `channel`; what is stable is offered to testers too."""
    wanted = {channel, Channel.TESTING}
    for name in sorted(wanted - release.channel_names):
        release.channels.append(ReleaseChannel(channel=name, promoted_at=now, promoted_by=actor))


def stranded(session: Session, product: Product) -> list[paths.Problem]:
    """Where phones of a product get stuck on their way to the latest release of a channel."""
    return version_marks.problems_of(session, product)


def _check_paths(session: Session, product: Product, before: Sequence[paths.Problem]) -> None:
    """Refuse what strands phones that had a way; those stuck `before` forbid no mending step."""
    problems = version_marks.newly_stuck(before, stranded(session, product))
    if problems:
        first = problems[0]
        raise DeadEndError(problem_ru=first.text("ru"), problem_en=first.text("en"))
