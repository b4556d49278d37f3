"""The C library's heap: few arenas, and what lies free in them goes back to the system.

glibc gives each thread an arena, up to eight for a core, and keeps there what the thread let go of.
Our threads run one at a time, so that two arenas serve them all. Other C libraries (musl, macOS)
have neither call, and are left alone. See docs/adr/0030.
"""

import ctypes
import os
import threading

#: M_ARENA_MAX of malloc.h.
_ARENA_MAX = -8
ARENAS = 2
EVERY_S = 60.0


def glibc() -> ctypes.CDLL | None:
    """The C library of this process, if it is glibc."""
    try:
        # Only glibc knows the name.
        os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):
        return None
    return ctypes.CDLL(None)


class Heap:
    """Gives back each minute what is free, in a thread of its own, until it is stopped."""

    def __init__(self, libc: ctypes.CDLL | None, every_s: float = EVERY_S) -> None:
        self._libc = libc
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="heap", daemon=True)

    def start(self) -> None:
        """To be called before other threads are started: arenas that are there stay."""
        if self._libc is not None:
            self._libc.mallopt(_ARENA_MAX, ARENAS)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def give_back(self) -> None:
        """Give back what is free: a third of a millisecond where little is."""
        if self._libc is not None:
            self._libc.malloc_trim(0)

    def _loop(self) -> None:
        while not self._stop.wait(self._every_s):
            self.give_back()
