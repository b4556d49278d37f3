"""Where records of the log go: one write each; what cannot be written is counted and lost.

No answer is worth less than its record: a full disk or a closed stream stops nobody.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from prometheus_client import Counter

#: Commands count too, and may run before the web server has made the folder of all counters.
if _folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(_folder).mkdir(parents=True, exist_ok=True)
lost_total = Counter("flatpro_log_lines_lost", "Records of the log that could not be written.")


class LogLines:
    """What structlog writes to; `write` takes bytes at once and tells how many it took."""

    def __init__(self, write: Callable[[bytes], int | None]) -> None:
        self._write = write
        self._torn = False

    def msg(self, record: str) -> None:
        line = record.encode(errors="backslashreplace") + b"\n"
        # The end of a line that the disk had no room for: the next record begins a line of its own.
        line = b"\n" + line if self._torn else line
        try:
            written = self._write(line) or 0
        except (OSError, ValueError):
            # ValueError: the stream was closed.
            lost_total.inc()
            return
        self._torn = (self._torn and not written) or 0 < written < len(line)
        if written < len(line):
            lost_total.inc()

    log = debug = info = warning = error = critical = exception = msg


def to_stderr(line: bytes) -> int:
    """Write to standard error, which a service manager may have closed."""
    if sys.stderr is None:
        return 0
    sys.stderr.write(line.decode())
    sys.stderr.flush()
    return len(line)
