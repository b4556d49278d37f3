"""Publishing a release at once: what may be said of one, its stored image, its rows.

The bytes are durable before the row. What lists a release is firmware/listing.py; promoting and
withdrawing are verbs of their own, found here too.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from catalogue import products
from catalogue.keys import KeyRing
from catalogue.models import Product
from catalogue.phone_manifest import part_hashes
from catalogue.versions import Version
from firmware import images, listing, releases
from firmware.image_formats import load_formats
from firmware.listing import DeadEndError, stranded
from firmware.models import Artifact, Channel, Release, ReleaseState
from firmware.promotion import promote
from firmware.withdrawal import AlreadyWithdrawnError, ReasonMissingError, withdraw
from storage.blob_keeping import blob_models
from storage.blobs import BlobStore, Readable, StoredBlob
from storage.refusals import ConflictError, RefusedError

MAX_IMAGE_BYTES = 2 * 1024**3
_FILE_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,120}")
_RESERVED = ("manifest.json", "SHA256SUMS", "sbom.json")

__all__ = [
    "AlreadyWithdrawnError",
    "DeadEndError",
    "NewRelease",
    "ReasonMissingError",
    "StoredImage",
    "check",
    "promote",
    "publish",
    "store_image",
    "stranded",
    "withdraw",
]


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
    check_words(session, new)
    product = products.get(session, new.product)
    channel = releases.channel_named(new.channel)
    if not new.as_step:
        check_rises(session, product, Version.parse(new.version), channel)


def check_words(session: Session, new: NewRelease) -> None:
    """Refuse what no review could cure: names that are unusable, unknown or taken."""
    product = products.get(session, new.product)
    version = Version.parse(new.version)
    check_file_name(new.file_name)
    releases.channel_named(new.channel)
    if new.min_from:
        Version.parse(new.min_from)
    for revision in new.hardware:
        if revision not in product.revisions:
            raise UnknownHardwareError(product=product.code, hardware=revision)
    known = releases.with_awaiting(session, product.id) + releases.drafts(session, product.id)
    if any(Version.parse(release.version) == version for release in known):
        raise ReleaseExistsError(version=version, product=product.code)
    name = unicodedata.normalize("NFC", new.file_name)
    if any(release.artifact.file_name == name for release in known):
        raise FileNameTakenError(name=name, product=product.code)


def check_rises(session: Session, product: Product, version: Version, channel: Channel) -> None:
    """Raise VersionDoesNotRiseError for a version below the channel's current one."""
    latest = releases.current(releases.with_awaiting(session, product.id), channel)
    if latest is not None and version < Version.parse(latest.version):
        raise VersionDoesNotRiseError(version=version, latest=latest.version, channel=channel)


def check_file_name(name: str) -> None:
    """Raise BadFileNameError for a name that is no plain file name."""
    if not _FILE_NAME.fullmatch(name) or name in _RESERVED or name.startswith("."):
        raise BadFileNameError(name=name[:120])


def store_image(
    blobs: BlobStore, stream: Readable, *, sha256: str | None = None, size: int | None = None
) -> StoredImage:
    """Store the bytes and prove the header; raises a BadImageError or what the store raises.

    `sha256` and `size` are the sender's word, if it gave it beforehand.
    """
    blob = blobs.put(stream, expected_sha256=sha256, expected_size=size, limit=MAX_IMAGE_BYTES)
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
    hardware = _hardware(product, new, image)
    if isinstance(image.header, images.ImageHeader):
        images.check_against(image.header, product.code, Version.parse(new.version), hardware)
    release = make_release(session, product, new, image, hardware, actor=actor, now=now)
    listing.put_out(
        session, release, releases.channel_named(new.channel), keys, actor=actor, now=now
    )
    return release


def make_release(
    session: Session,
    product: Product,
    new: NewRelease,
    image: StoredImage,
    hardware: tuple[str, ...],
    *,
    actor: str,
    now: datetime,
) -> Release:
    """The rows of a release that nobody sees yet; its bytes are in use from now on."""
    version = Version.parse(new.version)
    release = Release(
        product=product,
        version=str(version),
        canonical=version.canonical,
        state=ReleaseState.DRAFT,
        min_from=new.min_from or None,
        notes_ru=new.notes_ru,
        notes_en=new.notes_en,
        salt=secrets.token_hex(8),
        percent=100.0,
        published_at=now,
        published_by=actor,
        uploaded_by=actor,
    )
    release.artifact = Artifact(
        file_name=unicodedata.normalize("NFC", new.file_name),
        sha256=image.blob.sha256,
        size=image.blob.size,
        hardware=list(hardware),
        parts=list(image.parts),
        inspected=isinstance(image.header, images.ImageHeader),
        statement="",
        statement_sig="",
    )
    blob_models.record(session, image.blob, listing.blob_owner(release), now)
    session.add(release)
    session.flush()
    return release


def _hardware(product: Product, new: NewRelease, image: StoredImage) -> tuple[str, ...]:
    """The revisions a release is for; raises UnknownHardwareError for one the product lacks."""
    named = hardware_of(product, new, image)
    unknown = set(named) - set(product.revisions)
    if unknown:
        raise UnknownHardwareError(product=product.code, hardware=min(unknown))
    return named


def hardware_of(product: Product, new: NewRelease, image: StoredImage) -> tuple[str, ...]:
    """The revisions a release is for: as said, else as the image says, else all."""
    if new.hardware:
        return tuple(sorted(set(new.hardware)))
    if isinstance(image.header, images.ImageHeader):
        return tuple(sorted(image.header.hardware))
    return product.revisions
