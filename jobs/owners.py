"""Who runs jobs: each process holds a lock that tells the living from the dead.

The lock is dropped when the process ends, however it ends, so no heartbeat is needed: on SQLite,
whose processes share a folder, it is a file lock that the kernel drops; on PostgreSQL, whose
workers may be on many machines, a session's advisory lock that the server drops.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from storage.db import Database
from storage.installation import Installation

LOCKS = "locks"


def new_name() -> str:
    """A name that no other process has, on this machine or another."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


@contextlib.contextmanager
def present(installation: Installation) -> Iterator[str]:
    """A name that is alive for as long as this is open and the process runs."""
    name = new_name()
    held = (
        _file_lock(installation.data_dir / LOCKS, name)
        if installation.database.is_sqlite
        else _advisory_lock(installation.database, name)
    )
    with held:
        yield name


def is_present(installation: Installation, name: str) -> bool:
    """Whether the process that took the name still runs."""
    if installation.database.is_sqlite:
        return _is_locked(installation.data_dir / LOCKS / f"{name}.lock")
    with installation.database.engine.connect() as connection:
        # Given back when this transaction is rolled back: asking holds nobody up.
        question = text("SELECT pg_try_advisory_xact_lock(:key)")
        return not connection.scalar(question, {"key": _key(name)})


@contextlib.contextmanager
def _file_lock(folder: Path, name: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _advisory_lock(database: Database, name: str) -> Iterator[None]:
    with database.engine.connect() as pooled:
        connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(name)})
        try:
            yield
        finally:
            # Closed, not returned to the pool, where it would keep the lock.
            connection.invalidate()


def _key(name: str) -> int:
    """The number that PostgreSQL locks instead of a name: 63 bits, apart from other locks'."""
    return int.from_bytes(hashlib.sha256(f"job-owner:{name}".encode()).digest()[:8]) >> 1
