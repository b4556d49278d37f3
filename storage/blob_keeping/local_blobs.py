"""Blobs on a local disk: a file each, named by its SHA-256.

Nothing is ever seen under a final name but the right bytes (kill -9, power cut).
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storage.blobs import (
    BlobMissingError,
    BlobQuarantinedError,
    Expected,
    Health,
    Readable,
    StorageFaultError,
    StoredBlob,
)
from storage.durable_files import disk_faults, reason_of, receive, remove_stale, sync_directory

_SHA256 = re.compile(r"[0-9a-f]{64}")
# What a disk says of a file it has lost; too many open files, say, is no fault of the file.
_LOST = (errno.EIO, errno.EUCLEAN, errno.EBADMSG)


class LocalBlobStore:
    """Blobs as read-only files `root/<2 hex>/<62 hex>` on one file system.

    A file's modification time is when its bytes were put last. `put` holds the lock shared while
    it names a file or finds it named; `remove` and `quarantine` hold it alone.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"
        self._quarantine = root / "quarantine"
        with disk_faults():
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._quarantine.mkdir(exist_ok=True)
            sync_directory(root.parent)

    def path(self, sha256: str) -> Path:
        """Where the blob lies if it is stored."""
        if not _SHA256.fullmatch(sha256):
            raise BlobMissingError(sha256=sha256)
        return self.root.joinpath(f"{sha256[:2]}/{sha256[2:]}")

    def put(
        self,
        stream: Readable,
        *,
        expected_sha256: str | None = None,
        expected_size: int | None = None,
        limit: int | None = None,
    ) -> StoredBlob:
        """Store `stream` to its end; the bytes are durable when this returns, else nothing is kept.

        Raises HashMismatchError, SizeMismatchError, TooLargeError, UploadBrokenError,
        StorageFullError or StorageFaultError; what the stream itself raises besides OSError
        passes through.
        """
        expected = Expected(expected_sha256, expected_size, limit)
        temporary = self._incoming / secrets.token_hex(16)
        try:
            with disk_faults():
                received = receive(stream, temporary, expected)
                self._publish(temporary, received.sha256)
        finally:
            # What cannot be removed now is removed as stale later.
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        return received

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, seekable; the caller closes. Raises BlobMissingError, BlobQuarantinedError."""
        with self._asked_for(sha256):
            return self.path(sha256).open("rb")

    def exists(self, sha256: str) -> bool:
        try:
            self.size(sha256)
        except (BlobMissingError, BlobQuarantinedError):
            return False
        return True

    def size(self, sha256: str) -> int:
        """Size in bytes. Raises BlobMissingError or BlobQuarantinedError."""
        with self._asked_for(sha256):
            return self.path(sha256).stat().st_size

    def names(self) -> Iterator[str]:
        """Every blob that can be opened, in no order."""
        with disk_faults():
            for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
                if _SHA256.fullmatch(name := path.parent.name + path.name):
                    yield name

    def check(self, sha256: str) -> Health:
        """Read the file again, from the disk and not from memory, and compare it with its name."""
        try:
            with self.path(sha256).open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            # What lies aside with bytes was moved there as damaged: by one who died before saying.
            aside = self._quarantine / sha256
            was_damaged = aside.exists() and aside.stat().st_size > 0
            return Health.DAMAGED if was_damaged else Health.MISSING
        except OSError as error:
            if error.errno in _LOST:
                return Health.DAMAGED
            raise StorageFaultError(reason=reason_of(error)) from error
        return Health.GOOD if found == sha256 else Health.DAMAGED

    def quarantine(self, sha256: str) -> bool:
        """Move the file aside; what is lost leaves a mark there, so that it is refused alike."""
        with disk_faults(), self._locked(fcntl.LOCK_EX):
            # Somebody may have put it again since it was found bad.
            if self.check(sha256) is Health.GOOD:
                return False
            aside = self._quarantine / sha256
            try:
                self.path(sha256).replace(aside)
            except FileNotFoundError:
                aside.touch()
            else:
                sync_directory(self.path(sha256).parent)
            sync_directory(self._quarantine)
            return True

    def remove(self, sha256: str, put_before: datetime) -> bool:
        """Remove the file unless it was put again since `put_before`; whether it is gone."""
        path = self.path(sha256)
        with disk_faults(), self._locked(fcntl.LOCK_EX):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime >= put_before.timestamp():
                    return False
                path.unlink()
                sync_directory(path.parent)
            (self._quarantine / sha256).unlink(missing_ok=True)
            return True

    def remove_stale_temporaries(self, older_than_s: float, now: datetime) -> int:
        """Remove what uploads left behind that wrote nothing for `older_than_s`; how many."""
        with disk_faults():
            return remove_stale(self._incoming, older_than_s, now)

    def free_bytes(self) -> int | None:
        with disk_faults():
            return shutil.disk_usage(self.root).free

    @property
    def folder(self) -> Path | None:
        return self.root

    def address(
        self,
        sha256: str,
        *,
        disposition: str,  # noqa: ARG002 - the protocol's
        content_type: str,  # noqa: ARG002 - the protocol's
        now: datetime,  # noqa: ARG002 - the protocol's
        ttl_s: int,  # noqa: ARG002 - the protocol's
    ) -> None:
        """Only we send files of a local disk."""
        del sha256

    def _publish(self, temporary: Path, sha256: str) -> None:
        """Give synced bytes their final name; they stay hidden until then."""
        final = self.path(sha256)
        with self._locked(fcntl.LOCK_SH):
            final.parent.mkdir(exist_ok=True)
            try:
                os.link(temporary, final)
            except FileExistsError:
                # Stored before. A copy that has rotted since is healed by the one just received.
                if _holds(final, sha256):
                    os.utime(final)
                else:
                    temporary.replace(final)
            sync_directory(final.parent)
            # Also when the folder was there: its maker may not have come to this line yet.
            sync_directory(self.root)
            (self._quarantine / sha256).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """Hold the store's lock, shared or alone, over threads and processes."""
        descriptor = os.open(self._quarantine, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _asked_for(self, sha256: str) -> Iterator[None]:
        """An absent file is a missing blob, or one in quarantine."""
        with disk_faults():
            try:
                yield
            except FileNotFoundError as error:
                if (self._quarantine / sha256).exists():
                    raise BlobQuarantinedError(sha256=sha256) from error
                raise BlobMissingError(sha256=sha256) from error


def _holds(path: Path, sha256: str) -> bool:
    """Whether the file can be read and has this hash."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
