"""Ports for servers that are told one before they start, and that come back to it later.

They lie below those that the system gives to whoever connects, and each process of the tests has a
slice of its own: what was found free stays so until it is used, and while its server restarts.
"""

import fcntl
import functools
import itertools
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

FIRST, LAST, SLICE = 12_000, 32_000, 400
#: A slice is ours for as long as its file is open.
_HELD: list[int] = []


def free_port() -> int:
    """A port that nobody has at any address, for TCP and for UDP alike."""
    return next(port for port in _ours() if _is_free(port))


@functools.cache
def _ours() -> Iterator[int]:
    first = _slice_of_ours()
    return itertools.cycle(range(first, first + SLICE))


def _slice_of_ours() -> int:
    for first in range(FIRST, LAST, SLICE):
        place = Path(tempfile.gettempdir()) / f"flatpro-ports-{first}"
        try:
            held = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            continue  # another user's
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
            continue
        _HELD.append(held)
        return first
    return random.randrange(FIRST, LAST - SLICE)


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True
