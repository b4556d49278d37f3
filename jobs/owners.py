"""Who runs jobs: each process holds a lock file, which tells the living from the dead.

The kernel drops the lock when the process ends, however it ends, so no heartbeat is needed.
"""

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self


class Owner:
    """A named, locked claim to be alive; released when closed or when the process dies."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._path = folder / f"{self.name}.lock"
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def is_alive(folder: Path, name: str) -> bool:
    """Whether the process that took the name still runs."""
    try:
        descriptor = os.open(folder / f"{name}.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        (folder / f"{name}.lock").unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)
