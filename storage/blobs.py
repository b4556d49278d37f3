"""Stored bytes, named by their SHA-256: what a blob store promises.

A blob is whole and durable before `put` returns, or `put` raises: the row that names it may follow
at once. What rots later is found by `check`, moved aside by `quarantine` and healed by the next
`put`.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from storage.blob_keeping.blob_refusals import (
    BlobMissingError,
    BlobQuarantinedError,
    Expected,
    HashMismatchError,
    Readable,
    SizeMismatchError,
    StorageFaultError,
    StorageFullError,
    StoredBlob,
    TooLargeError,
    UploadBrokenError,
)

__all__ = [
    "BlobMissingError",
    "BlobQuarantinedError",
    "BlobStore",
    "Expected",
    "HashMismatchError",
    "Health",
    "Readable",
    "SizeMismatchError",
    "StorageFaultError",
    "StorageFullError",
    "StoredBlob",
    "TooLargeError",
    "UploadBrokenError",
]


class Health(StrEnum):
    """What a blob is when it is read again."""

    GOOD = "good"
    DAMAGED = "damaged"
    MISSING = "missing"


class BlobStore(Protocol):
    """Where blobs live; a name that is no SHA-256 in lower-case hex is a missing blob."""

    def put(
        self,
        stream: Readable,
        *,
        expected_sha256: str | None = None,
        expected_size: int | None = None,
        limit: int | None = None,
    ) -> StoredBlob:
        """Store `stream` to its end; the bytes are durable when this returns.

        A copy that was damaged, lost or in quarantine is good again after it, and what was put
        now is not collected for as long as `remove` is asked to spare what is that young.
        """

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, seekable; the caller closes.

        Raises BlobMissingError or BlobQuarantinedError.
        """

    def exists(self, sha256: str) -> bool:
        """Whether the blob can be opened."""

    def size(self, sha256: str) -> int:
        """Size in bytes. Raises BlobMissingError or BlobQuarantinedError."""

    def names(self) -> Iterator[str]:
        """Every blob that can be opened, in no order."""

    def check(self, sha256: str) -> Health:
        """Read the blob again, from the medium, and compare it with its name."""

    def quarantine(self, sha256: str) -> bool:
        """Keep the blob from being opened until it is put again; False if it is good after all."""

    def remove(self, sha256: str, put_before: datetime) -> bool:
        """Remove the blob unless it was put again since `put_before`; whether it is gone."""

    def remove_stale_temporaries(self, older_than_s: float, now: datetime) -> int:
        """Remove what uploads left behind that wrote nothing for `older_than_s`; how many."""

    def free_bytes(self) -> int | None:
        """How much more can be stored; None where nobody can say."""

    @property
    def folder(self) -> Path | None:
        """Where the files lie, if they are files that nginx could send."""

    def address(
        self, sha256: str, *, disposition: str, content_type: str, now: datetime, ttl_s: int
    ) -> str | None:
        """Where anyone may GET the bytes for `ttl_s` seconds; None where there is no such place.

        Raises BlobMissingError or BlobQuarantinedError.
        """
