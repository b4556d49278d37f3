"""Local copies of files that lie in a bucket, for the time that the bucket is away.

Bounded in bytes; those that were used least lately go first. A copy is compared with its name
before it is given out. Several processes share the folder: a copy gets its name when it is whole,
and whoever has one open keeps it though it is removed.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storage.blob_keeping.blob_refusals import (
    Expected,
    HashMismatchError,
    Readable,
    SizeMismatchError,
)
from storage.durable_files import disk_faults, receive, remove_stale

#: The disk is there for other things too.
LEAST_FREE_BYTES = 512 * 1024**2
#: A copy is read again and compared before it is given out, at most once in so long.
BELIEVED_FOR_S = 600.0

_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Held:
    """How many copies there are, and their bytes."""

    count: int
    bytes: int


@dataclass(frozen=True)
class _File:
    path: Path
    size: int
    used_at_ns: int


@dataclass
class Copies:
    """Files `folder/<sha256>`; a file's access time is when it was wanted last, as we set it."""

    folder: Path
    most_bytes: int
    _believed: dict[str, tuple[int, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with disk_faults():
            (self.folder / _UNFINISHED).mkdir(parents=True, exist_ok=True)

    def open(self, sha256: str) -> BinaryIO | None:
        """The bytes, seekable, seen to be the right ones; None when there is no good copy."""
        if not _SHA256.fullmatch(sha256):
            return None
        path = self.folder / sha256
        if not self._is_right(path, sha256):
            return None
        self.want(sha256)
        with contextlib.suppress(OSError):
            return path.open("rb")
        return None

    def size(self, sha256: str) -> int | None:
        """Size in bytes; None when there is no copy."""
        with contextlib.suppress(OSError):
            if _SHA256.fullmatch(sha256):
                return (self.folder / sha256).stat().st_size
        return None

    def want(self, sha256: str) -> bool:
        """Note that it is wanted now, so that others go before it; whether there is a copy."""
        path = self.folder / sha256
        with contextlib.suppress(OSError):
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
            return True
        return False

    def keep(self, sha256: str, size: int, stream: Readable) -> bool:
        """Make a copy, and room for it; False where it does not fit or is not what was said.

        Raises StorageFullError or StorageFaultError; so may the stream.
        """
        if size > self.most_bytes or self._free_bytes() - size < LEAST_FREE_BYTES:
            return False
        temporary = self.folder / _UNFINISHED / secrets.token_hex(16)
        try:
            with disk_faults():
                receive(stream, temporary, Expected(sha256, size))
                temporary.replace(self.folder / sha256)
        except (HashMismatchError, SizeMismatchError):
            return False
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        self.want(sha256)
        self._make_room()
        return True

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether this process is the only one that makes copies just now."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)

    def forget(self, sha256: str) -> None:
        """Remove the copy, if there is one."""
        with contextlib.suppress(OSError):
            if _SHA256.fullmatch(sha256):
                (self.folder / sha256).unlink(missing_ok=True)

    def held(self) -> Held:
        files = list(self._files())
        return Held(len(files), sum(file.size for file in files))

    def remove_unfinished(self, older_than_s: float, now: datetime) -> int:
        """Remove what was never finished; how many."""
        with disk_faults():
            return remove_stale(self.folder / _UNFINISHED, older_than_s, now)

    def _is_right(self, path: Path, sha256: str) -> bool:
        """Compare the copy with its name, unless that was done lately; a wrong one is removed."""
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError:
            return False
        seen = self._believed.get(sha256)
        if seen and seen[0] == changed_ns and time.monotonic() - seen[1] < BELIEVED_FOR_S:
            return True
        if not _holds(path, sha256):
            self.forget(sha256)
            return False
        self._believed[sha256] = (changed_ns, time.monotonic())
        return True

    def _make_room(self) -> None:
        files = sorted(self._files(), key=lambda file: file.used_at_ns)
        over = sum(file.size for file in files) - self.most_bytes
        for file in files:
            if over <= 0:
                break
            self.forget(file.path.name)
            over -= file.size

    def _files(self) -> Iterator[_File]:
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):
                if _SHA256.fullmatch(path.name):
                    found = path.stat()
                    yield _File(path, found.st_size, found.st_atime_ns)

    def _free_bytes(self) -> int:
        with disk_faults():
            return shutil.disk_usage(self.folder).free


def _holds(path: Path, sha256: str) -> bool:
    """Whether the file can be read and has this hash."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
