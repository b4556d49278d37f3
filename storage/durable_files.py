"""Files that are whole and on the disk before their writer is told so; its faults as refusals."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from storage.blob_keeping.blob_refusals import (
    Expected,
    Readable,
    StorageFaultError,
    StorageFullError,
    StoredBlob,
    UploadBrokenError,
)

CHUNK_BYTES = 1024 * 1024

# EFBIG is the process's own limit on file size (RLIMIT_FSIZE), or the file system's.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY = 0o444


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
        raise UploadBrokenError(reason=reason_of(error)) from error


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


def sync_directory(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
    return StorageFaultError(reason=reason_of(error))


def reason_of(error: OSError) -> str:
    """The fault in the words of the operating system."""
    return error.strerror or type(error).__name__
