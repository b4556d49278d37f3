"""Which release a phone is due: its channel, hardware, version, pin, and the share of a rollout."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy.orm import Session

from catalogue import products
from catalogue.versions import BadVersionError, Version
from firmware import due, paths, releases
from firmware.models import Release
from firmware.paths import ReleaseNode


@dataclass(frozen=True)
class Recipient:
    """What we know of a device when deciding. `mac` is 12 lower-case hex digits."""

    product_code: str
    hardware: str
    version: str
    channel: str
    mac: str
    pinned: str | None = None


@dataclass(frozen=True)
class OfferedRelease:
    """The one next step: `path` is path-absolute and names the bytes, `size` is in bytes."""

    product_code: str
    version: str
    file_name: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Published:
    """The releases of one product as offers are decided on them."""

    nodes: tuple[ReleaseNode, ...]
    offers: Mapping[Version, OfferedRelease]


def release_due(
    session: Session, recipient: Recipient, withheld: Collection[Version] = ()
) -> OfferedRelease | None:
    """The release that the phone takes next, or None.

    A phone whose version or product is unknown is due nothing: a wrong image may end it.
    """
    try:
        product = products.get(session, recipient.product_code)
    except products.UnknownProductError:
        return None
    return due_of(published(session, product.id), recipient, withheld)


def published(session: Session, product_id: int) -> Published:
    """The releases of a product that phones may be led over."""
    found = releases.of_product(session, product_id)
    offers = {Version.parse(release.version): offered(release) for release in found}
    return Published(releases.nodes(found), offers)


def due_of(
    found: Published, recipient: Recipient, withheld: Collection[Version] = ()
) -> OfferedRelease | None:
    """The release that the phone takes next out of these, or None.

    What is `withheld` from it is no release for it, neither as its goal nor on the way.
    """
    try:
        running = Version.parse(recipient.version)
    except BadVersionError:
        return None
    graph = [
        node
        for node in paths.in_channel(found.nodes, recipient.channel)
        if node.version not in withheld
    ]
    pinned = Version.parse(recipient.pinned) if recipient.pinned is not None else None
    answer = due.next_due(running, recipient.hardware, recipient.mac, graph, pinned)
    return found.offers[answer.version] if isinstance(answer, paths.Step) else None


def offered(release: Release) -> OfferedRelease:
    """A release as it is offered."""
    artifact = release.artifact
    return OfferedRelease(
        product_code=release.product.code,
        version=release.version,
        file_name=artifact.file_name,
        path=f"/firmware/{release.product.code}/{quote(release.version)}/{quote(artifact.file_name)}",
        size=artifact.size,
        sha256=artifact.sha256,
    )
