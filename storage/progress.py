"""How far a command has read a large file: a bar on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

import click

from storage.blobs import Readable
from storage.console import say

#: A file that is read faster than this needs no words.
QUIET_S = 2.0
_STEP_PERCENT = 10


class Watched:
    """A file that tells how far it was read, once that takes longer than `QUIET_S`."""

    def __init__(
        self,
        file: Readable,
        size: int,
        label: str,
        *,
        terminal: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file, self._size, self._label = file, size, label
        self._terminal, self._clock = terminal, clock
        self._began = clock()
        self._came = 0
        self._said = 0

    def read(self, size: int, /) -> bytes:
        """The next bytes; tells about them where it is time to."""
        piece = self._file.read(size)
        self._came += len(piece)
        if self._clock() - self._began >= QUIET_S:
            self._tell(at_end=not piece)
        return piece

    def _tell(self, *, at_end: bool) -> None:
        percent = min(100, self._came * 100 // self._size) if self._size else 100
        if self._terminal:
            filled = percent * 30 // 100
            bar = "█" * filled + "░" * (30 - filled)
            click.echo(f"\r{self._label} {bar} {percent:3} %", nl=at_end, err=True)
        elif percent >= self._said + _STEP_PERCENT:
            self._said = percent - percent % _STEP_PERCENT
            say(f"{self._label}: {percent} %")


def watched(file: BinaryIO, label: str) -> Readable:
    """`file` with its progress; one whose size nobody knows (a pipe) is read as it is."""
    try:
        size = os.fstat(file.fileno()).st_size
    except OSError:
        return file
    return Watched(file, size, label, terminal=sys.stderr.isatty()) if size else file
