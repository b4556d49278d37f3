"""Stored bytes, named by their SHA-256: what a blob store promises, and the one on a local disk.

A blob is whole and durable before `put` returns, or `put` raises: the row that names it may follow
at once. Nothing is ever seen under a final name but the right bytes (kill -9, power cut). What
rots later is found by `check`, moved aside by `quarantine` and healed by the next `put`.
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
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from storage.blob_refusals import (
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
    "CHUNK_BYTES",
    "BlobMissingError",
    "BlobQuarantinedError",
    "BlobStore",
    "Expected",
    "HashMismatchError",
    "Health",
    "LocalBlobStore",
    "Readable",
    "SizeMismatchError",
    "StorageFaultError",
    "StorageFullError",
    "StoredBlob",
    "TooLargeError",
    "UploadBrokenError",
    "disk_faults",
    "fault_of",
    "receive",
    "remove_stale",
]

CHUNK_BYTES = 1024 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")
# EFBIG is the process's own limit on file size (RLIMIT_FSIZE), or the file system's.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What a disk says of a file it has lost; too many open files, say, is no fault of the file.
_LOST = (errno.EIO, errno.EUCLEAN, errno.EBADMSG)
_READ_ONLY = 0o444


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
            _sync_directory(root.parent)

    def path(self, sha256: str) -> Path:
        """Where the blob lies if it is stored."""
        if not _SHA256.fullmatch(sha256):
            raise BlobMissingError(sha256=sha256)
        return self.root / sha256[:2] / sha256[2:]

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
            return Health.MISSING
        except OSError as error:
            if error.errno in _LOST:
                return Health.DAMAGED
            raise StorageFaultError(reason=_reason(error)) from error
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
                _sync_directory(self.path(sha256).parent)
            _sync_directory(self._quarantine)
            return True

    def remove(self, sha256: str, put_before: datetime) -> bool:
        """Remove the file unless it was put again since `put_before`; whether it is gone."""
        path = self.path(sha256)
        with disk_faults(), self._locked(fcntl.LOCK_EX):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime >= put_before.timestamp():
                    return False
                path.unlink()
                _sync_directory(path.parent)
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
            _sync_directory(final.parent)
            # Also when the folder was there: its maker may not have come to this line yet.
            _sync_directory(self.root)
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


def receive(stream: Readable, temporary: Path, expected: Expected) -> StoredBlob:
    """Write the stream to a new file, hashing on the way; whole and synced when this returns."""
    digest = hashlib.sha256()
    size = 0
    with _created(temporary) as descriptor:
        while chunk := _read(stream):
            size += len(chunk)
            expected.check_growing(size)
            digest.update(chunk)
            _write_all(descriptor, chunk)
        os.fchmod(descriptor, _READ_ONLY)
        # Never tried twice: after a failed fsync the kernel may call lost pages clean.
        os.fsync(descriptor)
    received = StoredBlob(digest.hexdigest(), size)
    expected.check_whole(received)
    return received


def remove_stale(folder: Path, older_than_s: float, now: datetime) -> int:
    """Remove the files in `folder` that nobody wrote to for `older_than_s`; how many."""
    oldest = now.timestamp() - older_than_s
    removed = 0
    for path in folder.iterdir():
        # An upload may end, and its file go, while we look.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed


def _read(stream: Readable) -> bytes:
    try:
        return stream.read(CHUNK_BYTES)
    except OSError as error:
        raise UploadBrokenError(reason=_reason(error)) from error


@contextlib.contextmanager
def _created(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds(path: Path, sha256: str) -> bool:
    """Whether the file can be read and has this hash."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


@contextlib.contextmanager
def disk_faults() -> Iterator[None]:
    """Operating system errors become ours."""
    try:
        yield
    except OSError as error:
        raise fault_of(error) from error


def fault_of(error: OSError) -> StorageFullError | StorageFaultError:
    """The refusal that tells of an operating system error: a full disk, or another fault."""
    if error.errno in _FULL:
        return StorageFullError()
    return StorageFaultError(reason=_reason(error))


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
