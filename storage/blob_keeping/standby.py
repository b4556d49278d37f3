"""A bucket with local copies behind it: reads go on from the copies while the bucket is away.

The first fault of a read turns to the copies, so that nobody waits for what does not answer; a
thread looks every PROBE_S seconds whether the bucket is back. Writes are refused until then,
before a byte of them is read.
"""

import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

import structlog

from storage.blob_keeping.copies import Copies
from storage.blobs import (
    BlobMissingError,
    BlobQuarantinedError,
    BlobStore,
    Health,
    Readable,
    StorageFaultError,
    StorageFullError,
    StoredBlob,
)

PROBE_S = 2.0
#: So many files are noted between two rounds of copying; the others are noted when asked again.
WANTED_MAX = 200
#: No file has this name, and a bucket that answers says so.
_NOBODY = "0" * 64

Answer = TypeVar("Answer")
_log = structlog.get_logger(__name__)


class BucketAwayError(StorageFaultError):
    code = "bucket-away"
    ru = (
        "Хранилище файлов не отвечает уже {away_s} с. Ничего не сохранено; "
        "запись снова заработает сама, когда оно ответит."
    )
    en = (
        "The store of files has not answered for {away_s} s. Nothing was stored; "
        "writing comes back by itself when it answers."
    )


@dataclass
class StandbyBlobStore:
    """`main` as long as it answers."""

    main: BlobStore
    copies: Copies
    _wanted: dict[str, StoredBlob] = field(default_factory=dict)
    _away_since_s: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def away_s(self) -> float | None:
        """For how long the bucket is away, as far as this process knows; None if it is not."""
        since = self._away_since_s
        return None if since is None else time.monotonic() - since

    def look(self) -> bool:
        """Ask the bucket for something; whether it answers."""
        if self.away_s() is not None:
            # The other thread asks already.
            return False
        try:
            self.main.exists(_NOBODY)
        except StorageFaultError:
            self.went_away()
            return False
        return True

    def went_away(self) -> None:
        """Turn to the copies until the bucket answers again."""
        with self._lock:
            if self._away_since_s is not None:
                return
            self._away_since_s = time.monotonic()
        _log.error("bucket-away", copies=self.copies.held().count)
        threading.Thread(target=self._until_back, name="bucket", daemon=True).start()

    def want(self, blob: StoredBlob) -> None:
        """Note that a published file is asked for: it should have a copy."""
        if not self.copies.want(blob.sha256) and len(self._wanted) < WANTED_MAX:
            self._wanted[blob.sha256] = blob

    def take_wanted(self) -> Sequence[StoredBlob]:
        """What was asked for and has no copy, once."""
        wanted, self._wanted = self._wanted, {}
        return list(wanted.values())

    def copy(self, blob: StoredBlob) -> bool:
        """Make a copy of a file of the bucket, if it fits; False too when the bucket is away."""
        if self.copies.want(blob.sha256):
            return True
        try:
            with self.main.open(blob.sha256) as file:
                return self.copies.keep(blob.sha256, blob.size, file)
        except (StorageFaultError, StorageFullError, BlobMissingError, BlobQuarantinedError):
            return False

    def put(
        self,
        stream: Readable,
        *,
        expected_sha256: str | None = None,
        expected_size: int | None = None,
        limit: int | None = None,
    ) -> StoredBlob:
        """As BlobStore says; raises BucketAwayError before the stream is read."""
        self._refuse_while_away()
        return self.main.put(
            stream, expected_sha256=expected_sha256, expected_size=expected_size, limit=limit
        )

    def open(self, sha256: str) -> BinaryIO:
        """The bytes; those of the copy from where the bucket stopped giving them."""
        file = self._ask(lambda: self.main.open(sha256), lambda: self.copies.open(sha256))
        if self.away_s() is not None:
            return file
        return io.BufferedReader(_Switching(file, lambda: self._instead_of(sha256)))

    def exists(self, sha256: str) -> bool:
        try:
            self.size(sha256)
        except (BlobMissingError, BlobQuarantinedError):
            return False
        return True

    def size(self, sha256: str) -> int:
        """Size in bytes. Raises BlobMissingError or BlobQuarantinedError, or BucketAwayError."""
        return self._ask(lambda: self.main.size(sha256), lambda: self.copies.size(sha256))

    def names(self) -> Iterator[str]:
        """Every blob of the bucket."""
        return self.main.names()

    def check(self, sha256: str) -> Health:
        """Of the bucket's own bytes: a good copy heals nothing."""
        return self.main.check(sha256)

    def quarantine(self, sha256: str) -> bool:
        self._refuse_while_away()
        return self.main.quarantine(sha256)

    def remove(self, sha256: str, put_before: datetime) -> bool:
        """Remove the blob, and its copy here with it."""
        self._refuse_while_away()
        gone = self.main.remove(sha256, put_before)
        if gone:
            self.copies.forget(sha256)
        return gone

    def remove_stale_temporaries(self, older_than_s: float, now: datetime) -> int:
        removed = self.copies.remove_unfinished(older_than_s, now)
        return removed + self.main.remove_stale_temporaries(older_than_s, now)

    def free_bytes(self) -> int | None:
        return self.main.free_bytes()

    @property
    def folder(self) -> Path | None:
        return self.main.folder

    def address(
        self, sha256: str, *, disposition: str, content_type: str, now: datetime, ttl_s: int
    ) -> str | None:
        """Nobody is sent to a bucket that is away."""
        if self.away_s() is not None:
            return None
        try:
            found = self.main.address(
                sha256, disposition=disposition, content_type=content_type, now=now, ttl_s=ttl_s
            )
        except StorageFaultError:
            self.went_away()
            return None
        return found

    def _ask(self, main: Callable[[], Answer], copy: Callable[[], Answer | None]) -> Answer:
        """The bucket's answer; the copy's while it is away."""
        if self.away_s() is None:
            try:
                return main()
            except StorageFaultError:
                self.went_away()
        found = copy()
        if found is None:
            raise BucketAwayError(away_s=round(self.away_s() or 0))
        return found

    def _instead_of(self, sha256: str) -> BinaryIO:
        self.went_away()
        found = self.copies.open(sha256)
        if found is None:
            raise BucketAwayError(away_s=round(self.away_s() or 0))
        return found

    def _refuse_while_away(self) -> None:
        away_s = self.away_s()
        if away_s is not None:
            raise BucketAwayError(away_s=round(away_s))

    def _until_back(self) -> None:
        while True:
            try:
                self.main.exists(_NOBODY)
                break
            except Exception as error:  # noqa: BLE001 - were this thread to end, it were away for ever
                _log.debug("bucket-still-away", reason=type(error).__name__)
            time.sleep(PROBE_S)
        away_s = self.away_s() or 0.0
        self._away_since_s = None
        _log.warning("bucket-back", after_s=round(away_s, 1))


class _Switching(io.RawIOBase):
    """A file that goes on in another one with the same bytes when it cannot be read any more."""

    def __init__(self, file: BinaryIO, instead: Callable[[], BinaryIO]) -> None:
        self._file = file
        self._instead: Callable[[], BinaryIO] | None = instead

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # a writable buffer
        at = self._file.tell()
        try:
            piece = self._file.read(len(view))
        except StorageFaultError:
            if self._instead is None:
                raise
            instead, self._instead = self._instead, None
            self._file.close()
            self._file = instead()
            self._file.seek(at)
            piece = self._file.read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()
