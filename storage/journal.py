"""A journal: records that are appended to a file at once and reach the database a little later.

Appending is one write to a file that only this process appends to: no lock is waited for, and what
was appended outlives a kill -9. A journal is a folder of segments, each held by a file lock for as
long as its writer may append to it; storage/journal_reader.py folds them into the database.
"""

import contextlib
import fcntl
import os
import secrets
import threading
import time
from pathlib import Path

#: A writer goes on in a new segment from here on, so that old ones can be deleted.
SEGMENT_BYTES = 16 * 1024 * 1024
SUFFIX = ".journal"
_UNBORN = ".new"


class _Segment:
    """One file of a writer; it closes, and its lock ends, with the last append that uses it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Named by time, so that readers take segments in their order, and never used again.
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        unborn = folder / f"{name}{_UNBORN}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self.descriptor = os.open(unborn, flags, 0o600)
        self.process = os.getpid()
        self.size = 0
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        # It gets its name when it is locked: without the lock its writer would seem dead.
        unborn.rename(folder / f"{name}{SUFFIX}")

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.close(self.descriptor)


class Journal:
    """Appends records to the segments of one folder; used by many threads at once."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._segment: _Segment | None = None
        self._turning = threading.Lock()

    def append(self, *records: bytes) -> None:
        """Append records, which hold no line feed, by one write.

        Raises OSError when not all of them are written.
        """
        segment = self._segment
        # A forked child must not go on in its parent's segment.
        if segment is None or segment.size >= self._segment_bytes or segment.process != os.getpid():
            segment = self._turn(segment)
        lines = b"%b\n" % b"\n".join(records)
        if os.write(segment.descriptor, lines) != len(lines):
            # The disk is full. The last that stands there is no record, and nothing may follow it.
            self._turn_away(segment)
            raise OSError(f"of {len(lines)} bytes some were cut")
        segment.size += len(lines)

    def close(self) -> None:
        """Let go of the segment: a reader may finish it."""
        self._segment = None

    def _turn(self, seen: _Segment | None) -> _Segment:
        with self._turning:
            if self._segment is seen or self._segment is None:
                self._segment = _Segment(self._folder)
            return self._segment

    def _turn_away(self, torn: _Segment) -> None:
        with self._turning:
            if self._segment is torn:
                self._segment = None
