"""Private keys as files: made once, whole, for their owner only, and kept through a power cut."""

import contextlib
import os
import secrets
from pathlib import Path

from catalogue.minisign import SigningKey


def make_folder(folder: Path) -> None:
    """Make a folder of mode 0700, and its parents."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(folder.parent)


def load_or_create(path: Path) -> SigningKey:
    """The key at `path`, made (mode 0600) at the first call; SigningKeyFileError, OSError.

    Processes that start together get the same key.
    """
    if not path.exists():
        store(SigningKey.generate().to_pem(), path)
    return SigningKey.load(path)


def store(content: bytes, path: Path) -> None:
    """Put `content` at `path`, whole or not at all; another's file stays if it was first."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(content, unfinished)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(unfinished)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _write(content: bytes, path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a new name survive a power cut: fsync of the file alone does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
