"""Blobs in a bucket of an S3 server.

What comes in is written to a local file and hashed first, then uploaded: what the bucket holds
under a final name is whole. Nobody can lock a bucket, so what `remove` takes away lies in trash/
for TRASH_DAYS and comes back by itself when somebody who put it in that very moment needs it.
"""

import contextlib
import hashlib
import io
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from storage.blob_keeping.bucket import ABSENT, Bucket, bucket_faults
from storage.blob_keeping.bucket_file import BucketFile
from storage.blob_keeping.bucket_keys import aside, key_of, sha256_of, trash
from storage.blob_keeping.presigning import Signer
from storage.blobs import (
    BlobMissingError,
    BlobQuarantinedError,
    Expected,
    Health,
    Readable,
    StoredBlob,
)
from storage.durable_files import CHUNK_BYTES, disk_faults, receive, remove_stale

#: Larger files are uploaded in parts, so that none has to fit into memory.
MULTIPART_BYTES = 16 * 1024 * 1024
READ_AHEAD_BYTES = 4 * 1024 * 1024
TRASH_DAYS = 30


class S3BlobStore:
    """Blobs as objects `<2 hex>/<62 hex>` below the bucket's prefix."""

    def __init__(self, bucket: Bucket, incoming: Path) -> None:
        self._bucket = bucket
        self._store = bucket.open()
        self._incoming = incoming
        with disk_faults():
            incoming.mkdir(parents=True, exist_ok=True)

    def put(
        self,
        stream: Readable,
        *,
        expected_sha256: str | None = None,
        expected_size: int | None = None,
        limit: int | None = None,
    ) -> StoredBlob:
        """As BlobStore says; the bytes are in the bucket when this returns."""
        expected = Expected(expected_sha256, expected_size, limit)
        temporary = self._incoming / secrets.token_hex(16)
        try:
            with disk_faults():
                received = receive(stream, temporary, expected)
            with bucket_faults():
                self._upload(temporary, received)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        return received

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, seekable, read in pieces as they are asked for."""
        size = self.size(sha256)
        return io.BufferedReader(BucketFile(self._store, key_of(sha256), size), READ_AHEAD_BYTES)

    def exists(self, sha256: str) -> bool:
        try:
            self.size(sha256)
        except (BlobMissingError, BlobQuarantinedError):
            return False
        return True

    def size(self, sha256: str) -> int:
        """Size in bytes. Raises BlobMissingError or BlobQuarantinedError."""
        key = key_of(sha256)
        with bucket_faults():
            size = self._head(key)
            if size is None and self._head(aside(sha256)) is not None:
                raise BlobQuarantinedError(sha256=sha256)
            if size is None and self._restored(sha256):
                size = self._head(key)
        if size is None:
            raise BlobMissingError(sha256=sha256)
        return size

    def names(self) -> Iterator[str]:
        """Every blob that can be opened, in no order."""
        with bucket_faults():
            for page in obstore.list(self._store):
                for entry in page:
                    if name := sha256_of(entry["path"]):
                        yield name

    def check(self, sha256: str) -> Health:
        """Fetch the object and compare it with its name."""
        try:
            file = self.open(sha256)
        except BlobMissingError:
            return Health.MISSING
        except BlobQuarantinedError:
            # What lies aside with bytes was moved there as damaged: by one who died before saying.
            with bucket_faults():
                return Health.DAMAGED if self._head(aside(sha256)) else Health.MISSING
        with file:
            digest = hashlib.sha256()
            while piece := file.read(CHUNK_BYTES):
                digest.update(piece)
            found = digest.hexdigest()
        return Health.GOOD if found == sha256 else Health.DAMAGED

    def quarantine(self, sha256: str) -> bool:
        """Move the object aside; what is lost leaves a mark there, so that it is refused alike."""
        if self.check(sha256) is Health.GOOD:
            return False
        with bucket_faults():
            if self._head(key_of(sha256)) is None:
                if self._head(aside(sha256)) is None:
                    obstore.put(self._store, aside(sha256), b"")
            else:
                obstore.copy(self._store, key_of(sha256), aside(sha256))
                obstore.delete(self._store, key_of(sha256))
        return True

    def remove(self, sha256: str, put_before: datetime) -> bool:
        """Move the object to the trash unless it was put again since; whether it is gone."""
        key = key_of(sha256)
        with bucket_faults():
            try:
                if obstore.head(self._store, key)["last_modified"] >= put_before:
                    return False
                obstore.copy(self._store, key, trash(sha256))
                obstore.delete(self._store, key)
            except ABSENT:
                pass
            self._delete(aside(sha256))
        return True

    def remove_stale_temporaries(self, older_than_s: float, now: datetime) -> int:
        """Remove what uploads left on our disk, and what has been in the trash long enough."""
        with disk_faults():
            removed = remove_stale(self._incoming, older_than_s, now)
        oldest = now - timedelta(days=TRASH_DAYS)
        with bucket_faults():
            for page in obstore.list(self._store, "trash"):
                old = [entry["path"] for entry in page if entry["last_modified"] < oldest]
                for path in old:
                    self._delete(path)
        return removed

    def free_bytes(self) -> int | None:
        """Nobody can say how much a bucket still takes."""
        return None

    @property
    def folder(self) -> None:
        """A bucket's files are no files of ours."""

    def address(
        self, sha256: str, *, disposition: str, content_type: str, now: datetime, ttl_s: int
    ) -> str:
        """Where anyone may GET the bytes for `ttl_s` seconds, under this name and type."""
        self.size(sha256)
        signer = Signer(self._bucket.key_id, self._bucket.secret, self._bucket.region)
        path = f"{self._bucket.prefix}/{key_of(sha256)}".lstrip("/")
        query = {
            "response-content-disposition": disposition,
            "response-content-type": content_type,
            "response-cache-control": "private, max-age=300, no-transform",
        }
        address = f"{self._bucket.base}/{quote(path)}"
        return signer.presigned(address, query, now, ttl_s)

    def _upload(self, file: Path, received: StoredBlob) -> None:
        """Upload once more what is there already: it makes it young, and heals what has rotted."""
        key = key_of(received.sha256)
        if received.size > MULTIPART_BYTES:
            obstore.put(self._store, key, file, use_multipart=True, chunk_size=8 * CHUNK_BYTES)
        else:
            data = file.read_bytes()
            try:
                obstore.put(self._store, key, data, mode="create")
            except (AlreadyExistsError, PreconditionError):
                obstore.put(self._store, key, data)
        self._delete(aside(received.sha256))

    def _restored(self, sha256: str) -> bool:
        """Take a blob back out of the trash, if it is there."""
        if self._head(trash(sha256)) is None:
            return False
        obstore.copy(self._store, trash(sha256), key_of(sha256))
        return True

    def _head(self, key: str) -> int | None:
        """The size of an object; None when there is none."""
        try:
            return int(obstore.head(self._store, key)["size"])
        except ABSENT:
            return None

    def _delete(self, key: str) -> None:
        with contextlib.suppress(*ABSENT):
            obstore.delete(self._store, key)
