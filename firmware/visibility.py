"""What happens to a release when the signed list of its product names its file: it is offered."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products, statements
from catalogue.keys import KeyRing
from firmware import manifests, releases
from firmware.models import ReleaseState

PREFIX = "fw/"


def offer(session: Session, paths: Collection[str], keys: KeyRing, now: datetime) -> None:
    """Offer the releases whose targets became visible; paths of other kinds are passed over."""
    changed = set()
    for path in sorted(path for path in paths if path.startswith(PREFIX)):
        _, code, version, _ = path.split("/")
        product = products.get(session, code)
        release = releases.get(session, product, version)
        release.state = ReleaseState.PUBLISHED
        release.published_at = now
        signature = statements.signature_of(session, path)
        if signature is not None:
            release.artifact.statement_sig = signature
            audit.record(session, "key holders", "release.sign", f"release:{code}/{version}", now)
        changed.add(product)
    session.flush()
    for product in sorted(changed, key=lambda found: found.code):
        manifests.refresh(session, product, keys, now)
