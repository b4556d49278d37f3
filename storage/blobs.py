"""Stored bytes, named by their SHA-256: what a blob store promises, and the one on a local disk.

A blob is whole and durable before `put` returns, or `put` raises: the row that names it may follow
at once. Nothing is ever seen under a final name but the right bytes (kill -9, power cut).
"""

import contextlib
import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from storage.refusals import NotFoundError, RefusedError, UnavailableError

CHUNK_BYTES = 1024 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")
# EFBIG is the process's own limit on file size (RLIMIT_FSIZE), or the file system's.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY = 0o444


class BlobMissingError(NotFoundError):
    code = "blob-missing"
    ru = "Файла с такой суммой SHA-256 нет: {sha256}"
    en = "No file with this SHA-256 is stored: {sha256}"


class HashMismatchError(RefusedError):
    code = "hash-mismatch"
    ru = "Сумма SHA-256 не сошлась: ожидалась {expected}, получена {found}."
    en = "The SHA-256 differs: expected {expected}, got {found}."


class SizeMismatchError(RefusedError):
    code = "size-mismatch"
    ru = "Размер не сошёлся: ожидалось байт: {expected}, получено: {found}."
    en = "The size differs: expected {expected} bytes, got {found}."


class TooLargeError(RefusedError):
    code = "too-large"
    ru = "Файл больше допустимого: не более {limit} байт."
    en = "The file is too large: at most {limit} bytes are allowed."


class UploadBrokenError(RefusedError):
    code = "upload-broken"
    ru = "Передача файла оборвалась ({reason}). Отправьте его ещё раз."
    en = "The upload broke off ({reason}). Send the file again."


class StorageFullError(UnavailableError):
    code = "storage-full"
    ru = "На диске хранилища нет места. Ничего не сохранено."
    en = "The storage disk is full. Nothing was stored."


class StorageFaultError(UnavailableError):
    code = "storage-fault"
    ru = "Хранилище не работает: {reason}"
    en = "The storage does not work: {reason}"


class Readable(Protocol):
    """Anything read piece by piece: a file, a request body."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class StoredBlob:
    """Bytes that are safe on disk: `sha256` in lower-case hex, `size` in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Expected:
    """What the sender said beforehand; None = not said. `limit` is the most bytes we take."""

    sha256: str | None = None
    size: int | None = None
    limit: int | None = None

    def check_growing(self, size: int) -> None:
        """Refuse as soon as too many bytes came; the rest is not read."""
        if self.limit is not None and size > self.limit:
            raise TooLargeError(limit=self.limit)
        if self.size is not None and size > self.size:
            raise SizeMismatchError(expected=self.size, found=f"> {self.size}")

    def check_whole(self, received: StoredBlob) -> None:
        """Refuse what differs from the sender's word."""
        if self.size is not None and received.size != self.size:
            raise SizeMismatchError(expected=self.size, found=received.size)
        if self.sha256 is not None and received.sha256 != self.sha256:
            raise HashMismatchError(expected=self.sha256, found=received.sha256)


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
        """Store `stream` to its end; the bytes are durable when this returns."""

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, seekable; the caller closes. Raises BlobMissingError."""

    def exists(self, sha256: str) -> bool: ...

    def size(self, sha256: str) -> int:
        """Size in bytes. Raises BlobMissingError."""


class LocalBlobStore:
    """Blobs as read-only files `root/<2 hex>/<62 hex>` on one file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"
        with _disk_faults():
            self._incoming.mkdir(parents=True, exist_ok=True)
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
            with _disk_faults():
                received = _receive(stream, temporary, expected)
                expected.check_whole(received)
                self._publish(temporary, received.sha256)
        finally:
            # What cannot be removed now is removed as stale later.
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        return received

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, seekable; the caller closes. Raises BlobMissingError."""
        with _disk_faults(sha256):
            return self.path(sha256).open("rb")

    def exists(self, sha256: str) -> bool:
        try:
            self.size(sha256)
        except BlobMissingError:
            return False
        return True

    def size(self, sha256: str) -> int:
        """Size in bytes. Raises BlobMissingError."""
        with _disk_faults(sha256):
            return self.path(sha256).stat().st_size

    def remove_stale_temporaries(self, older_than_s: float, now: datetime) -> int:
        """Remove what uploads left behind that wrote nothing for `older_than_s`; how many."""
        oldest = now.timestamp() - older_than_s
        with _disk_faults():
            stale = [path for path in self._incoming.iterdir() if path.stat().st_mtime < oldest]
            for path in stale:
                path.unlink(missing_ok=True)
        return len(stale)

    def _publish(self, temporary: Path, sha256: str) -> None:
        """Give synced bytes their final name; they stay hidden until then."""
        final = self.path(sha256)
        final.parent.mkdir(exist_ok=True)
        try:
            os.link(temporary, final)
        except FileExistsError:
            # Stored before. A copy that has rotted since is healed by the one just received.
            if not _holds(final, sha256):
                temporary.replace(final)
        _sync_directory(final.parent)
        # Also when the folder was there: its maker may not have come to this line yet.
        _sync_directory(self.root)


def _receive(stream: Readable, temporary: Path, expected: Expected) -> StoredBlob:
    """Write the stream to a new file, hashing on the way; synced when this returns."""
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
    return StoredBlob(digest.hexdigest(), size)


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
def _disk_faults(sha256: str = "") -> Iterator[None]:
    """Operating system errors become ours; with `sha256`, an absent file is a missing blob."""
    try:
        yield
    except OSError as error:
        if sha256 and isinstance(error, FileNotFoundError):
            raise BlobMissingError(sha256=sha256) from error
        if error.errno in _FULL:
            raise StorageFullError from error
        raise StorageFaultError(reason=_reason(error)) from error


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
