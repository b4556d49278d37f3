"""Personal data as a job: once a day what is past its term is taken away."""

from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from portal.personal_data import expiring
from storage.clock import now

EXPIRE = "personal-data.expire"
EXPIRE_EVERY_S = 24 * 3600


def expire(work: Work) -> None:
    """Take away what is past its term."""
    present = now()
    expiring.run(work.installation, present, present)


HANDLERS: dict[str, Handler] = {EXPIRE: expire}
PERIODICS: tuple[Periodic, ...] = (Periodic(EXPIRE, EXPIRE_EVERY_S),)
