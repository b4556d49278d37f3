"""Mail as jobs: letters leave at once, and what was not taken is tried each minute."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.mailroom.outbox import SEND

SEND_EVERY_S = 60


def send(work: Work) -> None:
    """Send what is due."""
    outbox.send_due(work.installation.database, work.installation.option(MailOptions), now())


HANDLERS: dict[str, Handler] = {SEND: send}
PERIODICS: tuple[Periodic, ...] = (Periodic(SEND, SEND_EVERY_S),)
