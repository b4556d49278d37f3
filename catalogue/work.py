"""Background work: the files of the TUF repository are signed again long before they expire."""

import structlog

from catalogue import expiry, keys, repository
from catalogue.receivers import ListingReceivers
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now

RENEW = "catalogue.renew"
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


HANDLERS: dict[str, Handler] = {RENEW: renew}
PERIODICS = (Periodic(RENEW, every_s=HOUR_S),)
