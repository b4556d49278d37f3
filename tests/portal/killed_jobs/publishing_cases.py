"""The work of the lists, of firmware and documents, and of stored files."""

import io
import os
from collections.abc import Mapping
from datetime import timedelta

from catalogue import work as catalogue_work
from docs_store import reading
from docs_store import work as docs_work
from firmware import publishing
from firmware import work as firmware_work
from firmware.images import build_image
from firmware.publishing import NewRelease
from firmware.reviewing import drafts
from portal.blob_care import work as blob_work
from storage import resumable
from storage.blob_keeping.blob_models import Blob, record, release
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.resumable import Announced, UploadLimits
from tests.catalogue.vendor import CODE
from tests.docs_store.pdf import pdf
from tests.portal.killed_jobs.case import Case, Elsewhere
from tests.portal.killed_jobs.stage import START, Stage

DAY = timedelta(days=1)


def lists(stage: Stage) -> Mapping[str, object]:
    stage.vendor()
    return {}


def draft(stage: Stage) -> Mapping[str, object]:
    stage.vendor()
    image = build_image(CODE, "1.1.0", ("A",), b"firmware" * 500)
    stored = publishing.store_image(stage.place.blobs, io.BytesIO(image))
    new = NewRelease(CODE, "1.1.0", "b2-1.1.0.bin", "testing", notes_ru="Новое", notes_en="New")
    at = START + timedelta(minutes=30)
    with stage.place.database.writing() as session:
        drafts.make(
            session, new, stored, publish_at=at, sbom=None, actor="anna", now=START
        )  # fmt: skip
    return {}


def uploads(stage: Stage) -> Mapping[str, object]:
    folder = stage.place.data_dir
    for size in (10, 20):
        with stage.place.database.writing() as session:
            upload = resumable.begin(
                session, folder, Announced("b2.bin", size), owner="anna", limit=100,
                limits=UploadLimits(), now=START,
            )  # fmt: skip
        resumable.append(folder, upload, 0, io.BytesIO(b"12345"))
    return {}


def document(stage: Stage) -> Mapping[str, object]:
    stage.vendor().publish_document(pdf(["Раз", "Два"]), at=START)
    return {"edition": 1}


def rotten(stage: Stage) -> Mapping[str, object]:
    stage.vendor().publish("1.1.0", at=START)
    blobs = stage.place.blobs
    assert isinstance(blobs, LocalBlobStore)
    path = blobs.path(min(blobs.names()))
    path.chmod(0o644)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    return {}


def garbage(stage: Stage) -> Mapping[str, object]:
    """One file that nobody has needed for days, and one since today."""
    stage.vendor()
    blobs = stage.place.blobs
    assert isinstance(blobs, LocalBlobStore)
    for number, since in enumerate((START - 3 * DAY, None)):
        stored = blobs.put(io.BytesIO(b"nobody's %d" % number))
        with stage.place.database.writing() as session:
            record(session, stored, "test:1", START - 3 * DAY)
            release(session, "test:1")
            row = session.get_one(Blob, stored.sha256)
            row.tombstoned_at = since
        os.utime(blobs.path(stored.sha256), (0, 0))
    return {}


CASES: dict[str, Case | Elsewhere] = {
    catalogue_work.RENEW: Case(lists, ("tuf_metadata",), START + 50 * DAY),
    catalogue_work.SYNC: Elsewhere(
        "tests/catalogue/test_mirror_killed.py::"
        "test_a_killed_sync_shows_before_or_after_and_never_a_part"
    ),
    firmware_work.RESIGN: Case(lists, ("signed_file",), START + 50 * DAY),
    drafts.PUBLISH_DUE: Case(draft, ("release", "release_channel", "target", "audit_entry")),
    firmware_work.SWEEP_UPLOADS: Case(uploads, ("upload", "files"), START + 2 * DAY),
    reading.READ: Case(document, ("edition_text", "edition_page")),
    docs_work.READ_MISSED: Case(document, ("edition_text", "edition_page")),
    blob_work.SCRUB: Case(rotten, ("blob", "files"), START + 2 * DAY),
    blob_work.SCRUB_ALL: Case(rotten, ("blob", "files"), START + 2 * DAY),
    blob_work.COLLECT: Case(garbage, ("blob", "files")),
}
