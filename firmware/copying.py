"""Keeps local copies of what phones are due, so that they get it while the bucket is away."""

import threading
from collections.abc import Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from catalogue.versions import Version
from firmware.models import Artifact, Release, ReleaseChannel, ReleaseState
from storage.blob_keeping.standby import StandbyBlobStore
from storage.blobs import StoredBlob
from storage.installation import Installation
from storage.refusals import RefusedError

EVERY_S = 15.0

_log = structlog.get_logger(__name__)


def current_images(session: Session) -> Sequence[StoredBlob]:
    """The newest image of each product and channel, the one published last first."""
    rows = session.execute(
        select(
            Release.product_id,
            ReleaseChannel.channel,
            Release.version,
            Release.published_at,
            Artifact.sha256,
            Artifact.size,
        )
        .join(ReleaseChannel, ReleaseChannel.release_id == Release.id)
        .join(Artifact, Artifact.release_id == Release.id)
        .where(Release.state == ReleaseState.PUBLISHED)
    ).all()
    newest = {
        (row.product_id, row.channel): row
        for row in sorted(rows, key=lambda row: Version.parse(row.version))
    }
    ordered = sorted(newest.values(), key=lambda row: row.published_at, reverse=True)
    return list({row.sha256: StoredBlob(row.sha256, row.size) for row in ordered}.values())


def that_fit(blobs: Sequence[StoredBlob], most_bytes: int) -> Sequence[StoredBlob]:
    """As many as there is room for, in their order; a large one does not keep out the next."""
    fitting, taken = [], 0
    for blob in blobs:
        if taken + blob.size <= most_bytes:
            fitting.append(blob)
            taken += blob.size
    return fitting


class Copying:
    """A thread that makes the copies; where files lie on a local disk it does nothing."""

    def __init__(self, installation: Installation, every_s: float = EVERY_S) -> None:
        self._installation = installation
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="copying", daemon=True)

    def start(self) -> None:
        if isinstance(self._installation.blobs, StandbyBlobStore):
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _loop(self) -> None:
        while True:
            try:
                copy_all(self._installation)
            except (SQLAlchemyError, RefusedError, OSError):
                _log.exception("copies-not-made")
            if self._stop.wait(self._every_s):
                return


def copy_all(installation: Installation) -> int:
    """Make the copies that are missing, in one process at a time; how many there are of them."""
    store = installation.blobs
    if not isinstance(store, StandbyBlobStore) or not store.look():
        return 0
    wanted = store.take_wanted()
    with store.copies.alone() as alone:
        if not alone:
            return 0
        with installation.database.reading() as session:
            current = that_fit(current_images(session), store.copies.most_bytes)
        made = sum(store.copy(blob) for blob in current)
        # What was asked for besides takes the room that these leave.
        left = store.copies.most_bytes - sum(blob.size for blob in current)
        others = [blob for blob in wanted if blob not in current]
        return made + sum(store.copy(blob) for blob in that_fit(others, left))
