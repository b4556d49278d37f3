"""What a product's page shows: the current release, the way from an older one, the documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from catalogue.mirrors import mode
from catalogue.models import Product
from catalogue.versions import BadVersionError, Version
from docs_store import library
from docs_store.editions import EditionOffer
from firmware import offering, paths, releases, upgrade_pictures
from firmware.drawing import Drawing
from firmware.models import Channel, Release, Software
from firmware.offering import OfferedRelease
from firmware.paths import ReleaseNode
from firmware.software import programs as software


@dataclass(frozen=True)
class UpgradeWay:
    """The answer to «I have version …» on these revisions: the steps, or why there are none."""

    revisions: tuple[str, ...]
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
    running: str
    ways: Sequence[UpgradeWay]
    base: str
    pictures: Sequence[tuple[tuple[str, ...], Drawing]]
    mirror_of: str | None = None
    software: Sequence[Software] = ()
    addresses: Mapping[int, str] = field(default_factory=dict)


def assemble(
    session: Session, product: Product, *, running: str | None, language: str, base: str
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
        mirror_of=mirror.upstream if (mirror := mode.of(session)) else None,
        running=running or "",
        ways=_ways(published, product, running, language) if running and current else (),
        base=base,
        pictures=_pictures(product, published),
    )


def _pictures(
    product: Product, published: Sequence[Release]
) -> Sequence[tuple[tuple[str, ...], Drawing]]:
    """A picture for each set of revisions; one release alone is no graph."""
    found = upgrade_pictures.of_product(product, published)
    return upgrade_pictures.distinct([drawing for drawing in found if len(drawing.rows) > 1])


def _ways(
    published: Sequence[Release], product: Product, running: str, language: str
) -> Sequence[UpgradeWay]:
    """The answer for each hardware revision; revisions with one answer share it."""
    try:
        version = Version.parse(running)
    except BadVersionError as error:
        return [UpgradeWay(product.revisions, problem=error.text(language))]
    graph = paths.in_channel(releases.nodes(published), Channel.STABLE)
    answers: dict[tuple[tuple[str, ...], str | None], list[str]] = {}
    for hardware in product.revisions:
        answers.setdefault(_way(graph, version, hardware, language), []).append(hardware)
    return [
        UpgradeWay(tuple(revisions), steps, problem)
        for (steps, problem), revisions in answers.items()
    ]


def _way(
    graph: Sequence[ReleaseNode], version: Version, hardware: str, language: str
) -> tuple[tuple[str, ...], str | None]:
    target = paths.latest(graph, hardware)
    found = paths.path_to(version, hardware, graph, target) if target else ()
    if isinstance(found, paths.NoWay):
        return (), found.text(language)
    return tuple(str(step) for step in found), None
