"""Promoting a release to a channel; stable needs the sign-offs that the site asks for."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products
from catalogue.keys import KeyRing
from firmware import listing, manifests, releases
from firmware.models import Channel, Release, Step
from firmware.reviewing import sign_offs
from firmware.reviewing.options import SignOffOptions
from firmware.withdrawal import AlreadyWithdrawnError

_NONE_NEEDED = SignOffOptions()


def promote(
    session: Session,
    product_code: str,
    version: str,
    channel: str,
    keys: KeyRing,
    *,
    actor: str,
    now: datetime,
    options: SignOffOptions = _NONE_NEEDED,
) -> Release:
    """Move a release to a channel; doing it twice changes nothing.

    Raises SignOffsMissingError while too few people have agreed that it becomes stable.
    """
    wanted = releases.channel_named(channel)
    product = products.get(session, product_code)
    release = releases.get(session, product, version)
    if release.is_withdrawn:
        raise AlreadyWithdrawnError(version=release.version)
    if wanted not in release.channel_names:
        if wanted is Channel.STABLE:
            sign_offs.check(session, release, Step.STABLE, options)
        stuck = listing.stranded(session, product)
        listing.put_into(release, wanted, actor, now)
        session.flush()
        listing.check_paths(session, product, stuck)
        audit.record(
            session, actor, "release.promote", listing.subject(release), now, channel=wanted
        )
        manifests.refresh(session, product, keys, now)
    return release
