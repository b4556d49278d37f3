"""What phones were given last, kept in this process: it need not be read again, only checked.

While the database is away it is all there is, and goes out unchecked. Configurations stay as they
are stored: sealed. What is remembered is bounded in bytes and in age, and what is seen to be no
longer right, a revoked secret above all, is forgotten at once. So only a secret revoked while the
database is away goes on opening what it opened before.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

What = TypeVar("What")

#: Ten thousand configurations of six kilobytes.
MOST_BYTES = 64 * 1024**2
#: A phone that asks no oftener than daily is still served; an older secret may be stolen by now.
MOST_AGE_S = 36 * 3600.0
#: What an entry takes beside its bytes.
_OVERHEAD = 400


@dataclass(slots=True)
class Remembered(Generic[What]):
    """What was given, and when last on a clock that never goes back."""

    what: What = field(repr=False)
    size: int
    at_s: float


@dataclass
class LastGood(Generic[What]):
    """By the name of the request (`rendered.answer.request_sha256`); the oldest goes first."""

    most_bytes: int = MOST_BYTES
    most_age_s: float = MOST_AGE_S
    _kept: OrderedDict[bytes, Remembered[What]] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, request: bytes, what: What, size: int, at_s: float) -> None:
        """Remember what a request was given just now; `size` in bytes."""
        with self._lock:
            self._forget(request)
            self._kept[request] = Remembered(what, size, at_s)
            self._bytes += size + _OVERHEAD
            while self._bytes > self.most_bytes and self._kept:
                self._forget(next(iter(self._kept)))

    def renew(self, request: bytes, at_s: float) -> None:
        """It was given again just now, and was right."""
        with self._lock:
            found = self._kept.get(request)
            if found is not None:
                found.at_s = at_s
                self._kept.move_to_end(request)

    def forget(self, request: bytes) -> None:
        """It is not right any more."""
        if request in self._kept:
            with self._lock:
                self._forget(request)

    def find(self, request: bytes, at_s: float) -> tuple[What, float] | None:
        """What was given, and its age in seconds; None when it is unknown or too old."""
        found = self._kept.get(request)
        if found is None or at_s - found.at_s > self.most_age_s:
            return None
        return found.what, at_s - found.at_s

    def __len__(self) -> int:
        return len(self._kept)

    def _forget(self, request: bytes) -> None:
        left = self._kept.pop(request, None)
        if left is not None:
            self._bytes -= left.size + _OVERHEAD
