"""Background work: the TUF repository is signed again before it expires; a mirror follows."""

import structlog

from catalogue import expiry, keys, repository
from catalogue.mirrors import syncing
from catalogue.mirrors.http import HttpUpstream
from catalogue.mirrors.looking import Order
from catalogue.mirrors.options import MirrorOptions
from catalogue.receivers import ListingReceivers
from catalogue.tuf.layout import View
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now

RENEW = "catalogue.renew"
SYNC = "catalogue.mirror-sync"
HOUR_S = 60 * 60

_log = structlog.get_logger(__name__)


def renew(work: Work) -> None:
    """Sign again what is due, and say in the log what needs somebody to act."""
    installation = work.installation
    with installation.database.reading() as session:
        if not repository.is_set_up(session):
            return
    ring = keys.of(installation)
    with installation.database.writing() as session:
        listed = repository.renew(session, ring, now())
        installation.option(ListingReceivers).tell(session, listed, ring, now())
        alarming = expiry.alarming(session, now())
    for age in alarming:
        _log.error(
            "metadata-expires",
            file=str(age.place),
            expires_at=age.expires_at.isoformat(),
            hours_left=round(age.left.total_seconds() / 3600),
        )


def sync(work: Work) -> None:
    """Bring the mirror up to date with the upstream of the settings; elsewhere do nothing."""
    installation = work.installation
    options = installation.option(MirrorOptions)
    if not options.url:
        return
    folder = installation.data_dir / "mirror" / "incoming"
    order = Order(View.ONLINE, progress=work.report)
    outcome = syncing.take(installation, HttpUpstream(options.url, folder, options), order)
    _log.info("mirror-synced", generation=outcome.generation, new=len(outcome.added))


HANDLERS: dict[str, Handler] = {RENEW: renew, SYNC: sync}
PERIODICS = (Periodic(RENEW, every_s=HOUR_S), Periodic(SYNC, every_s=HOUR_S))
