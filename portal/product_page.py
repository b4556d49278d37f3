"""What a product's page shows: the current release, the way from an older one, the documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from catalogue.models import Product
from catalogue.versions import BadVersionError, Version
from docs_store import library
from docs_store.editions import EditionOffer
from firmware import offering, paths, releases, software
from firmware.models import Channel, Release, Software
from firmware.offering import OfferedRelease


@dataclass(frozen=True)
class UpgradeWay:
    """The answer to «I have version …»: the steps, or why there are none."""

    running: str
    steps: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class ProductPage:
    """Releases come highest first; `documents` are those that fit the current one.

    `addresses` is where each program of `software` is downloaded, by its id.
    """

    product: Product
    current: Release | None
    offer: OfferedRelease | None
    older: Sequence[Release]
    testing: Sequence[Release]
    documents: Sequence[EditionOffer]
    way: UpgradeWay | None
    software: Sequence[Software] = ()
    addresses: Mapping[int, str] = field(default_factory=dict)


def assemble(
    session: Session, product: Product, *, running: str | None, language: str
) -> ProductPage:
    """Everything the page needs, in one transaction."""
    published = releases.of_product(session, product.id)
    current = releases.current(published, Channel.STABLE)
    stable = [release for release in published if Channel.STABLE in release.channel_names]
    programs = software.of_product(session, product.id)
    return ProductPage(
        software=programs,
        addresses={item.id: software.address(item) for item in programs},
        product=product,
        current=current,
        offer=offering.offered(current) if current else None,
        older=[
            release
            for release in published
            if release is not current and (release in stable or release.is_withdrawn)
        ],
        testing=[release for release in published if release not in stable],
        documents=library.editions_fitting(
            session, product.id, current.version if current else None, language
        ),
        way=_way(published, product, running, language) if running and current else None,
    )


def _way(published: Sequence[Release], product: Product, running: str, language: str) -> UpgradeWay:
    try:
        version = Version.parse(running)
    except BadVersionError as error:
        return UpgradeWay(running, problem=error.text(language))
    graph = paths.in_channel(releases.nodes(published), Channel.STABLE)
    hardware = product.revisions[0]
    target = paths.latest(graph, hardware)
    found = paths.path_to(version, hardware, graph, target) if target else ()
    if isinstance(found, paths.NoWay):
        return UpgradeWay(running, problem=found.text(language))
    return UpgradeWay(running, tuple(str(step) for step in found))
