"""Finding releases: of a product, of a channel, and the one that a channel holds as current."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.models import Product
from catalogue.versions import Version
from firmware.models import Channel, Release, ReleaseState
from firmware.offers import Share
from firmware.paths import ReleaseNode
from firmware.version_marks import marks
from firmware.version_marks.marks import Mark
from storage.refusals import NotFoundError, RefusedError


class UnknownReleaseError(NotFoundError):
    code = "unknown-release"
    ru = "У изделия {product} нет выпуска {version}."
    en = "The product {product} has no release {version}."


class UnknownChannelError(RefusedError):
    code = "unknown-channel"
    field = "channel"
    ru = "Нет канала «{channel}»: есть testing и stable."
    en = "There is no channel “{channel}”: there are testing and stable."


def channel_named(text: str) -> Channel:
    """The channel of this name; raises UnknownChannelError."""
    if text not in set(Channel):
        raise UnknownChannelError(channel=text)
    return Channel(text)


def of_product(session: Session, product_id: int) -> list[Release]:
    """The releases of a product that anyone may see, the highest version first."""
    return [r for r in with_awaiting(session, product_id) if not r.is_awaiting]


def by_product(session: Session) -> Mapping[int, list[Release]]:
    """What of_product finds, of every product at once, by its id; none where nothing is out."""
    query = select(Release).where(Release.state != ReleaseState.DRAFT)
    found: dict[int, list[Release]] = defaultdict(list)
    for release in _highest_first(session.scalars(query).unique()):
        if not release.is_awaiting:
            found[release.product_id].append(release)
    return found


def with_awaiting(session: Session, product_id: int) -> list[Release]:
    """All releases of a product, those that wait for signatures too, the highest first.

    A draft is no release yet: firmware/reviewing/drafts.py finds those.
    """
    found = session.scalars(
        select(Release).where(Release.product_id == product_id, Release.state != ReleaseState.DRAFT)
    ).unique()
    return _highest_first(found)


def drafts(session: Session, product_id: int) -> list[Release]:
    """The drafts of a product, the highest first."""
    found = session.scalars(
        select(Release).where(Release.product_id == product_id, Release.state == ReleaseState.DRAFT)
    ).unique()
    return _highest_first(found)


def get(session: Session, product: Product, version: str) -> Release:
    """The release of this version; raises UnknownReleaseError or BadVersionError."""
    canonical = Version.parse(version).canonical
    found = session.scalar(
        select(Release).where(
            Release.product_id == product.id,
            Release.canonical == canonical,
            Release.state != ReleaseState.DRAFT,
        )
    )
    if found is None:
        raise UnknownReleaseError(product=product.code, version=version)
    return found


def of_version(session: Session, version: Version) -> list[Release]:
    """What anyone may see of this version, of every product; of 2.4 also 2.4.1 and 2.4.2."""
    canonical = version.canonical
    found = session.scalars(
        select(Release).where(
            Release.state.in_((ReleaseState.PUBLISHED, ReleaseState.WITHDRAWN)),
            (Release.canonical == canonical) | Release.canonical.startswith(f"{canonical}."),
        )
    ).unique()
    return sorted(_highest_first(found), key=lambda release: release.product.code)


def current(releases: Sequence[Release], channel: str) -> Release | None:
    """The release that a channel's manifest is about: its highest that some revision is offered."""
    offered = {node.version for node in nodes(releases) if _is_offered(node)}
    candidates = (
        release
        for release in releases
        if channel in release.channel_names and Version.parse(release.version) in offered
    )
    return max(candidates, key=lambda release: Version.parse(release.version), default=None)


def nodes(releases: Sequence[Release]) -> tuple[ReleaseNode, ...]:
    """The releases of one product as the upgrade graph sees them, marks included."""
    plain = tuple(
        ReleaseNode(
            version=Version.parse(release.version),
            hardware=frozenset(release.artifact.hardware),
            min_from=Version.parse(release.min_from) if release.min_from else None,
            withdrawn=release.is_withdrawn,
            channels=release.channel_names,
            share=Share(release.percent, release.salt),
        )
        for release in releases
    )
    return marks.marked(plain, marks_of(releases))


def marks_of(releases: Sequence[Release]) -> list[Mark]:
    """What is marked of the product whose releases these are."""
    return [row.mark for row in releases[0].product_marks] if releases else []


def _highest_first(found: Iterable[Release]) -> list[Release]:
    return sorted(found, key=lambda release: Version.parse(release.version), reverse=True)


def _is_offered(node: ReleaseNode) -> bool:
    return any(node.is_offered_on(hardware) for hardware in node.hardware)
