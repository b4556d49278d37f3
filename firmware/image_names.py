"""Finding a published image by the name of its file alone, for those who have no other address."""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.models import Product
from firmware.models import Artifact, Release, ReleaseState

_PUBLIC = re.compile(r"firmware/(?P<product>[^/]+)/(?P<version>[^/]+)/(?P<file_name>[^/]+)")


@dataclass(frozen=True)
class NamedImage:
    """A published image; `size` in bytes."""

    product: str
    version: str
    file_name: str
    sha256: str
    size: int


def find(session: Session, name: str) -> NamedImage | None:
    """The image that is published under `name`: its file's name, or its public path.

    None for a withdrawn one, and for a file name that two releases give to different bytes.
    """
    public = _PUBLIC.fullmatch(name)
    named = select(
        Product.code, Release.version, Artifact.file_name, Artifact.sha256, Artifact.size
    )
    named = named.select_from(Artifact).join(Release).join(Product)
    named = named.where(
        Artifact.file_name == (public["file_name"] if public else name),
        Release.state == ReleaseState.PUBLISHED,
    )
    if public:
        named = named.where(Product.code == public["product"], Release.version == public["version"])
    found = [NamedImage(*row) for row in session.execute(named.order_by(Release.id).limit(20))]
    return found[0] if len({image.sha256 for image in found}) == 1 else None
