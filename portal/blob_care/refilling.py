"""Giving back the bytes of a file that was found bad."""

from datetime import datetime
from typing import BinaryIO

from accounts import audit
from storage.blob_keeping.blob_models import Blob
from storage.blobs import BlobMissingError
from storage.installation import Installation


def refill(
    installation: Installation, sha256: str, file: BinaryIO, *, actor: str, now: datetime
) -> None:
    """Store the right bytes of a known blob again; it is served from then on.

    Raises BlobMissingError for a blob that nobody knows, and HashMismatchError for other bytes.
    """
    with installation.database.reading() as session:
        known = session.get(Blob, sha256)
    if known is None:
        raise BlobMissingError(sha256=sha256[:64])
    installation.blobs.put(file, expected_sha256=sha256, expected_size=known.size)
    with installation.database.writing() as session:
        row = session.get(Blob, sha256)
        if row is not None:
            row.fault, row.fault_found_at, row.checked_at = None, None, now
        audit.record(session, actor, "blob.refill", f"blob:{sha256}", now)
