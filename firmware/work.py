"""Background work: signed lists are signed again long before they expire."""

from catalogue import keys, products, signed_files
from firmware import manifests
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage.clock import now

RESIGN = "firmware.resign"
DAY_S = 24 * 60 * 60


def resign(work: Work) -> None:
    """Sign every list anew once some list is old enough."""
    installation = work.installation
    with installation.database.reading() as session:
        if not signed_files.ageing(session, now()):
            return
        codes = [product.code for product in products.every(session)]
    ring = keys.of(installation)
    for done, code in enumerate(codes, start=1):
        with installation.database.writing() as session:
            manifests.refresh(session, products.get(session, code), ring, now())
        work.report(done, len(codes), code)


HANDLERS: dict[str, Handler] = {RESIGN: resign}
PERIODICS = (Periodic(RESIGN, every_s=DAY_S),)
