"""Published images by the names that people know, by one statement: a download needs no rows."""

from dataclasses import dataclass
from datetime import UTC, datetime

from storage.db import Database
from storage.serving import Cache, Representation

IMAGE_TYPE = "application/octet-stream"

_FIND = """
SELECT artifact.sha256, artifact.size, release.published_at, release.state
FROM artifact
JOIN "release" AS release ON release.id = artifact.release_id
JOIN product ON product.id = release.product_id
WHERE product.code = {0} AND release.version = {0} AND artifact.file_name = {0}
AND release.state IN ('published', 'withdrawn')
"""
_MARKS = {True: _FIND.format("?"), False: _FIND.format("%s")}


@dataclass(frozen=True, slots=True)
class PublishedImage:
    """The bytes behind an address, and since when they are."""

    sha256: str
    size: int
    published_at: datetime
    is_withdrawn: bool


def find(database: Database, product: str, version: str, file_name: str) -> PublishedImage | None:
    """The image of exactly these names; what was committed before is seen."""
    names = (product, version, file_name)
    for sha256, size, published_at, state in database.look_up(_MARKS[database.is_sqlite], names):
        return PublishedImage(sha256, size, _instant(published_at), state == "withdrawn")
    return None


def shown(image: PublishedImage, file_name: str) -> Representation:
    """The image as its address shows it."""
    return Representation(
        sha256=image.sha256,
        size=image.size,
        content_type=IMAGE_TYPE,
        file_name=file_name,
        last_modified=image.published_at,
        # A path names the same bytes for ever, but a withdrawal must reach caches soon.
        cache=Cache.revalidate(max_age_s=300),
    )


def _instant(stored: str | datetime) -> datetime:
    """SQLite has no instants: what was written is UTC without saying so."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored.astimezone(UTC)
