"""Background work: check-ins that nobody needs any more are forgotten; many phones are read."""

from jobs import queue
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from provision import checkins
from provision.devices import listing
from provision.devices.listing import DeviceFilter
from provision.reading import bulk_reads
from storage.clock import now

PRUNE = "provision.prune-check-ins"
READ = "provision.read"
HOUR_S = 60 * 60
#: Jobs run one at a time: after so many phones a long reading lets the others have their turn.
TURN = 500


def prune(work: Work) -> None:
    """Forget what is too old, and what unknown phones left beyond a bound."""
    with work.installation.database.writing() as session:
        removed = checkins.prune(session, now())
    work.report(removed, removed)


def read(work: Work) -> None:
    """Read the phones that a filter names, from a MAC on; the rest is a job again."""
    told, place = work.arguments, work.installation
    wanted = DeviceFilter(text=told["q"], product=told["product"], site=told["site"])
    with place.database.reading() as session:
        found = listing.after(session, wanted, limit=TURN, mac=told.get("after", ""))
    macs = [one.mac for one in found]
    for _ in bulk_reads.read_known(place, macs, asked_by=work.actor, now=now(), tell=work.report):
        pass
    if len(macs) == TURN:
        following = {**told, "after": macs[-1]}
        work.at_end(
            lambda session: queue.submit(session, READ, following, actor=work.actor, now=now())
        )


HANDLERS: dict[str, Handler] = {PRUNE: prune, READ: read}
PERIODICS = (Periodic(PRUNE, every_s=HOUR_S),)
