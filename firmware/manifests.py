"""The signed lists of a product: its phone manifests and its checksums, all from the same rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from catalogue import signed_files
from catalogue.checksums import Checksum, sha256sums
from catalogue.keys import KeyRing
from catalogue.models import Product
from catalogue.phone_manifest import (
    PART_BYTES,
    ManifestRelease,
    Notes,
    PhoneManifest,
    Rollout,
    SignedFile,
    Status,
    signed,
)
from catalogue.signed_files import Edition
from catalogue.versions import Version
from firmware import due, offering, paths, releases
from firmware.models import Channel, Release
from firmware.version_marks import marks


def refresh(session: Session, product: Product, keys: KeyRing, now: datetime) -> None:
    """Sign every list of a product anew, in the transaction that changed its releases."""
    published = releases.of_product(session, product.id)
    _sign_manifest(session, product, None, published, keys, now)
    for channel in Channel:
        listed = _with_steps(published, channel)
        _sign_manifest(session, product, channel, listed, keys, now)
    signed_files.replace(
        session,
        checksums_path(product.code),
        lambda edition: _checksums(product, published, edition, keys),
        content_type=signed_files.TEXT_TYPE,
        now=now,
    )


def manifest_path(product: str, channel: str | None) -> str:
    """Where a manifest lies; the one of all releases (None) lies in the product's own folder."""
    folder = f"{channel}/" if channel else ""
    return f"/firmware/{product}/{folder}manifest.json"


def checksums_path(product: str) -> str:
    """Where the checksums of a product's images lie."""
    return f"/firmware/{product}/SHA256SUMS"


def _with_steps(published: Sequence[Release], channel: Channel) -> Sequence[Release]:
    """What a phone of any revision needs to find its next step: goals, and the steps to them."""
    needed = due.listed(paths.in_channel(releases.nodes(published), channel))
    return [release for release in published if Version.parse(release.version) in needed]


def _steps(release: Release, listed: Sequence[Release]) -> tuple[Version, ...]:
    return paths.steps_before(_node(release, listed), releases.nodes(listed))


def _sign_manifest(
    session: Session,
    product: Product,
    channel: str | None,
    listed: Sequence[Release],
    keys: KeyRing,
    now: datetime,
) -> None:
    def make(edition: Edition) -> SignedFile:
        manifest = PhoneManifest(
            product=product.code,
            channel=channel,
            serial=edition.serial,
            issued=edition.issued_at,
            expires=edition.expires_at,
            releases=tuple(_entry(release, listed, channel) for release in listed),
            floors=_floors(product, listed),
        )
        return signed(manifest, keys.online)

    signed_files.replace(
        session,
        manifest_path(product.code, channel),
        make,
        content_type=signed_files.JSON_TYPE,
        now=now,
    )


def _entry(release: Release, listed: Sequence[Release], channel: str | None) -> ManifestRelease:
    artifact, offer = release.artifact, offering.offered(release)
    return ManifestRelease(
        version=release.version,
        hardware=tuple(artifact.hardware),
        file=artifact.file_name,
        url=offer.path,
        size=artifact.size,
        sha256=artifact.sha256,
        part_size=PART_BYTES,
        parts=tuple(artifact.parts),
        min_from=release.min_from,
        steps=tuple(str(step) for step in _steps(release, listed)),
        rollout=Rollout(percent=release.percent, salt=release.salt),
        notes=Notes(ru=release.notes_ru, en=release.notes_en),
        status=_status(release, listed, channel),
        statement=artifact.statement,
        statement_sig=artifact.statement_sig,
        channels=tuple(sorted(release.channel_names)),
        published=release.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        withdrawn_reason=release.withdrawn_reason,
        replacement=release.replacement,
        broken=tuple(sorted(_node(release, listed).broken)),
    )


def _floors(product: Product, listed: Sequence[Release]) -> dict[str, str]:
    known = releases.marks_of(listed)
    floors = {hardware: marks.floor(known, hardware) for hardware in product.revisions}
    return {hardware: str(lowest) for hardware, lowest in floors.items() if lowest is not None}


def _node(release: Release, listed: Sequence[Release]) -> paths.ReleaseNode:
    wanted = Version.parse(release.version)
    return next(node for node in releases.nodes(listed) if node.version == wanted)


def _status(release: Release, listed: Sequence[Release], channel: str | None) -> Status:
    if release.is_withdrawn:
        return Status.WITHDRAWN
    current = releases.current(listed, channel or Channel.STABLE)
    return Status.CURRENT if current is release else Status.SUPERSEDED


def _checksums(
    product: Product, published: Sequence[Release], edition: Edition, keys: KeyRing
) -> SignedFile:
    body = sha256sums(
        Checksum(release.artifact.file_name, release.artifact.sha256)
        for release in published
        if not release.is_withdrawn
    )
    issued = edition.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    comment = f"serial:{edition.serial} product:{product.code} issued:{issued}"
    return SignedFile(body, keys.online.sign(body, comment))
