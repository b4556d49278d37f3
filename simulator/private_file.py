"""Files with secrets: readable by their owner alone, and replaced whole or not at all."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Put `text` into `path` with mode 0600; a reader sees the old text or the new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
