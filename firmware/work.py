"""Background work: lists are signed again long before they expire, drafts published in time."""

import structlog

from accounts import stored_answers
from catalogue import keys, products, signed_files
from firmware import manifests
from firmware.reviewing import drafts
from firmware.reviewing.options import SignOffOptions
from jobs.runner import Handler, Work
from jobs.schedule import Periodic
from storage import resumable
from storage.clock import now
from storage.refusals import RefusedError
from storage.resumable import UploadLimits

RESIGN = "firmware.resign"
SWEEP_UPLOADS = "firmware.sweep-uploads"
HOUR_S = 60 * 60
DAY_S = 24 * 60 * 60
SCHEDULE = "schedule"

_log = structlog.get_logger(__name__)


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


def publish_due(work: Work) -> None:
    """Publish the drafts whose time has come; one that may not be published stays a draft."""
    installation = work.installation
    with installation.database.reading() as session:
        waiting = drafts.due(session, now())
    if not waiting:
        return
    options = installation.option(SignOffOptions)
    ring = keys.of(installation)
    for done, (product, version) in enumerate(waiting, start=1):
        try:
            with installation.database.writing() as session:
                draft = drafts.get(session, product, version)
                drafts.publish(session, draft, ring, options, actor=SCHEDULE, now=now())
        except RefusedError as error:
            # Somebody published or discarded it meanwhile, or people have yet to agree.
            _log.warning("draft-stays", product=product, version=version, code=error.code)
        work.report(done, len(waiting), f"{product} {version}")


def sweep_uploads(work: Work) -> None:
    """Forget uploads that nobody finished and answers that nobody asks for again."""
    installation = work.installation
    with installation.database.writing() as session:
        limits = installation.option(UploadLimits)
        resumable.sweep(session, installation.data_dir, limits, now())
        stored_answers.forget_old(session, now())


HANDLERS: dict[str, Handler] = {
    RESIGN: resign,
    drafts.PUBLISH_DUE: publish_due,
    SWEEP_UPLOADS: sweep_uploads,
}
PERIODICS = (
    Periodic(RESIGN, every_s=DAY_S),
    Periodic(drafts.PUBLISH_DUE, every_s=HOUR_S),
    Periodic(SWEEP_UPLOADS, every_s=HOUR_S),
)
