"""The upgrade graph of a product, ready to be shown: a picture for each hardware revision."""

from collections.abc import Sequence

from catalogue.models import Product
from firmware import drawing, paths, releases
from firmware.drawing import Drawing, Known
from firmware.models import Channel, Release
from firmware.version_marks import marks


def of_product(
    product: Product, published: Sequence[Release], channel: str = Channel.STABLE
) -> list[Drawing]:
    """A picture for each revision that the channel has releases for."""
    graph = paths.in_channel(releases.nodes(published), channel)
    known = releases.marks_of(published)
    found = [
        drawing.draw(
            graph,
            hardware,
            Known(
                shipped=marks.in_the_field(known, hardware), broken=marks.broken(known, hardware)
            ),
        )
        for hardware in product.revisions
    ]
    return [picture for picture in found if picture is not None]


def distinct(pictures: Sequence[Drawing]) -> list[tuple[tuple[str, ...], Drawing]]:
    """The pictures with the revisions that share each: alike ones are shown once."""
    groups: dict[object, tuple[list[str], Drawing]] = {}
    for picture in pictures:
        revisions, _ = groups.setdefault((picture.rows, picture.lines), ([], picture))
        revisions.append(picture.hardware)
    return [(tuple(revisions), picture) for revisions, picture in groups.values()]
