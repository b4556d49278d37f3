"""What a mirror does with the firmware of its upstream: releases, as the signed manifests say them.

The rows give phones here the same next step as there: versions, channels, hardware, `min_from`, the
share of a rollout, what is broken and the floors are the vendor's; so is the statement, which
phones check themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import unquote

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue import minisign, phone_manifest, products
from catalogue.minisign import PublicKey
from catalogue.models import Product
from catalogue.phone_manifest import ManifestRelease, PhoneManifest, Status
from catalogue.receivers import Delivery, HeldTarget, ListsContradictError
from catalogue.versions import Version
from firmware import manifests
from firmware.models import Artifact, Channel, Release, ReleaseChannel, ReleaseState
from firmware.version_marks.marks import MarkKind
from firmware.version_marks.models import VersionMark
from storage.blob_keeping import blob_models
from storage.blobs import StoredBlob
from storage.refusals import RefusedError

ACTOR = "mirror"
_CHANNELS = frozenset(Channel)
#: Which versions left the factory is in no manifest: no phone's next step depends on it.
_CARRIED = (MarkKind.BROKEN, MarkKind.FLOOR)
_STATES = MappingProxyType({Status.WITHDRAWN: ReleaseState.WITHDRAWN})
#: Product id, kind, canonical version, hardware revision.
_MarkKey: TypeAlias = tuple[int, MarkKind, str, str]


class FirmwareReceiver:
    """The part of a mirror below `fw/`."""

    prefix = "fw/"
    kind = "firmware"

    def lists(self, product: str) -> Sequence[str]:
        """The signed lists of a product's firmware."""
        channels = (None, *Channel)
        return (
            *(manifests.manifest_path(product, channel) for channel in channels),
            manifests.checksums_path(product),
        )

    def check(self, given: Delivery, now: datetime) -> None:
        """The manifests name what TUF's lists name, and the firmware key has stated each release.

        Raises ListsContradictError.
        """
        if not given.products:
            return
        listed = {target.path: target for target in given.targets}
        for product in given.products:
            mine = {p: t for p, t in listed.items() if p.startswith(f"fw/{product}/")}
            _check_product(product, mine, given, now)

    def receive(self, session: Session, given: Delivery, now: datetime) -> None:
        """Make releases and marks of the delivered products what their manifests say."""
        listed = {target.path: target for target in given.targets}
        kept = set()
        said_marks: dict[_MarkKey, str] = {}
        for code in given.products:
            manifest = _manifest(given.lists, code, None)
            if manifest is None:
                continue
            product = products.get(session, code)
            said_marks.update(_marks(product, manifest))
            known = {r.canonical: r for r in _of(session, product)}
            for said in manifest.releases:
                target = listed.get(_path(said))
                release = known.get(Version.parse(said.version).canonical)
                if release is None and target is None:
                    # Withdrawn before we came: its bytes are not here to be named.
                    continue
                if release is None and target is not None:
                    release = _new(product, said, target)
                    _record(session, release, now)
                    session.add(release)
                if release is not None:
                    _say(release, said, now)
                    session.flush()
                    kept.add(release.id)
        for release in session.scalars(select(Release)).unique():
            if release.id not in kept:
                blob_models.release(session, _owner(release))
                session.delete(release)
        _mark(session, said_marks, now)
        session.flush()


def _check_product(
    product: str, targets: Mapping[str, HeldTarget], given: Delivery, now: datetime
) -> None:
    whole = _manifest(given.lists, product, None)
    if whole is None:
        if targets:
            path = manifests.manifest_path(product, None)
            raise ListsContradictError(path=path, reason="it is missing")
        return
    said = {_path(release): release for release in whole.releases}
    unsaid = sorted(targets.keys() - said.keys())
    if unsaid:
        raise ListsContradictError(path=unsaid[0], reason="the manifest does not name it")
    for channel in (None, *Channel):
        manifest = _manifest(given.lists, product, channel)
        if manifest is None:
            continue
        path = manifests.manifest_path(product, channel)
        if manifest.expires <= now:
            raise ListsContradictError(path=path, reason=f"expired {manifest.expires:%Y-%m-%d}")
        for release in manifest.releases:
            _check_release(path, product, release, targets, given.statement_key)


def _check_release(
    path: str,
    product: str,
    release: ManifestRelease,
    targets: Mapping[str, HeldTarget],
    key: PublicKey,
) -> None:
    target = targets.get(_path(release))
    if target is None and release.status is not Status.WITHDRAWN:
        raise ListsContradictError(path=path, reason=f"{release.url} is in no list of files")
    if target is not None and (target.size, target.sha256) != (release.size, release.sha256):
        raise ListsContradictError(path=path, reason=f"{release.url} is another file")
    if not _path(release).startswith(f"fw/{product}/"):
        raise ListsContradictError(path=path, reason=f"{release.url} is of another product")
    try:
        phone_manifest.check_statement(product, release)
        minisign.verify(release.statement.encode(), release.statement_sig, key)
    except RefusedError as error:
        raise ListsContradictError(path=path, reason=f"{release.version}: {error}") from error


def _manifest(
    lists: Mapping[str, bytes], product: str, channel: str | None
) -> PhoneManifest | None:
    path = manifests.manifest_path(product, channel)
    body = lists.get(path)
    if body is None:
        return None
    found = phone_manifest.parse(body)
    if (found.product, found.channel) != (product, channel):
        raise ListsContradictError(path=path, reason=f"it is of {found.product} {found.channel}")
    return found


def _path(release: ManifestRelease) -> str:
    """The target that a release's address stands for."""
    return "fw/" + unquote(release.url.removeprefix("/firmware/"))


def _of(session: Session, product: Product) -> Sequence[Release]:
    return session.scalars(select(Release).where(Release.product_id == product.id)).unique().all()


def _new(product: Product, said: ManifestRelease, target: HeldTarget) -> Release:
    return Release(
        product=product,
        version=said.version,
        canonical=Version.parse(said.version).canonical,
        published_by=ACTOR,
        artifact=Artifact(
            file_name=said.file,
            sha256=target.sha256,
            size=target.size,
            hardware=list(said.hardware),
            parts=list(said.parts),
            inspected=True,
            statement=said.statement,
            statement_sig=said.statement_sig,
        ),
    )


def _say(release: Release, said: ManifestRelease, now: datetime) -> None:
    """Everything about a release that its vendor may change."""
    release.state = _STATES.get(said.status, ReleaseState.PUBLISHED)
    release.min_from = said.min_from
    release.notes_ru, release.notes_en = said.notes.ru, said.notes.en
    release.salt, release.percent = said.rollout.salt, float(said.rollout.percent)
    release.published_at = _day(said.published) or release.published_at or now
    withdrawn = release.state is ReleaseState.WITHDRAWN
    release.withdrawn_at = (release.withdrawn_at or now) if withdrawn else None
    release.withdrawn_reason = said.withdrawn_reason
    release.replacement = said.replacement
    release.artifact.statement = said.statement
    release.artifact.statement_sig = said.statement_sig
    wanted = _CHANNELS.intersection(said.channels)
    for entry in [entry for entry in release.channels if entry.channel not in wanted]:
        release.channels.remove(entry)
    for name in sorted(wanted - release.channel_names):
        made = ReleaseChannel(channel=Channel(name), promoted_at=now, promoted_by=ACTOR)
        release.channels.append(made)


def _marks(product: Product, manifest: PhoneManifest) -> Iterator[tuple[_MarkKey, str]]:
    """What a manifest marks, each revision by itself, with the version as it is written."""
    for said in manifest.releases:
        canonical = Version.parse(said.version).canonical
        for hardware in said.broken:
            yield (product.id, MarkKind.BROKEN, canonical, hardware), said.version
    for hardware, version in manifest.floors.items():
        canonical = Version.parse(version).canonical
        yield (product.id, MarkKind.FLOOR, canonical, hardware), version


def _mark(session: Session, said: Mapping[_MarkKey, str], now: datetime) -> None:
    """Keep these marks and no others; why a version is broken only its vendor's pages tell."""
    missing = dict(said)
    for row in session.scalars(select(VersionMark).where(VersionMark.kind.in_(_CARRIED))):
        key = (row.product_id, MarkKind(row.kind), row.canonical, row.hardware)
        if missing.pop(key, None) is None:
            session.delete(row)
    for (product_id, kind, canonical, hardware), version in missing.items():
        row = VersionMark(
            product_id=product_id, kind=kind, version=version, canonical=canonical,
            hardware=hardware, marked_at=now, marked_by=ACTOR,
        )  # fmt: skip
        session.add(row)


def _day(text: str | None) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text else None


def _record(session: Session, release: Release, now: datetime) -> None:
    blob = StoredBlob(release.artifact.sha256, release.artifact.size)
    blob_models.record(session, blob, _owner(release), now)


def _owner(release: Release) -> str:
    return f"firmware.artifact:{release.product.code}/{release.version}"
