"""Every version of a product that the vendor answers for: published once, or shipped."""

from sqlalchemy.orm import Session

from catalogue.models import Product
from catalogue.versions import Version
from firmware import releases
from firmware.version_marks import marking
from firmware.version_marks.marks import MarkKind


def known_versions(session: Session, product: Product) -> frozenset[Version]:
    """Published versions, the withdrawn ones too, and those marked as shipped or broken.

    Empty where nothing was published: then no version can be called a stranger.
    """
    published = {Version.parse(one.version) for one in releases.of_product(session, product.id)}
    if not published:
        return frozenset()
    marked = {
        row.mark.version
        for row in marking.of_product(session, product)
        if row.kind in {MarkKind.SHIPPED, MarkKind.BROKEN}
    }
    return frozenset(published | marked)
