"""One file on its way to one receiver (no socket in here): what to send, and when to give up.

Nothing is sent twice because of a second acknowledgement, only because of silence; and before the
first acknowledgement nothing is sent by itself at all, so that a request with a false sender has
its victim hit by one datagram and no more.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from provision.tftp import packets
from provision.tftp.terms import Terms

RETRANSMISSIONS_MAX = 5
#: Of a first block, to a request that comes again: its sender may be false.
FIRST_BLOCK_REPEATS_MAX = 1
#: Doubled with each retransmission, unless the receiver asked for a time of its own.
FIRST_TIMEOUT_S, TIMEOUT_S_MAX = 1.0, 8.0
#: For the first acknowledgement.
FIRST_SIGN_WITHIN_S = 10.0
WHOLE_WITHIN_S = 1800.0


class End(StrEnum):
    """How a transfer came out; the values are labels of a metric."""

    COMPLETE = "complete"
    SILENCE = "silence"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Source(Protocol):
    """The bytes, from the first on."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class ShortSourceError(Exception):
    """The stored bytes are fewer than was said: the receiver must not take them for whole."""


@dataclass
class Transfer:
    """Seconds are of a clock that never goes back; `size` is of all bytes."""

    source: Source = field(repr=False)
    size: int
    terms: Terms
    begun_s: float
    retransmissions: int = 0
    is_confirmed: bool = False
    end: End | None = None
    #: Bytes that the receiver acknowledged.
    taken: int = 0
    _number: int = 0
    _read: int = 0
    _tries: int = 0
    _in_flight: int = 0
    _is_last: bool = False
    _datagram: bytes = b""
    _due_s: float = 0.0

    def first(self) -> bytes:
        """What answers the request: the agreed options, or the first block."""
        if self.terms.told:
            self._datagram = packets.agreement(self.terms.told)
        else:
            self._take_next()
        self._due_s = self.begun_s + FIRST_SIGN_WITHIN_S
        return self._datagram

    def asked_again(self) -> bytes | None:
        """The same answer to the same request, a bounded number of times.

        A first block is twenty times as long as its request, and is repeated once only.
        """
        most = RETRANSMISSIONS_MAX if self.terms.told else FIRST_BLOCK_REPEATS_MAX
        if self.is_confirmed or self._tries >= most:
            return None
        self._tries += 1
        self.retransmissions += 1
        return self._datagram

    def acknowledged(self, block: int, now_s: float) -> bytes | None:
        """The next block; None for an acknowledgement of anything but the last datagram."""
        if self.end is not None or block != self._number & 0xFFFF:
            return None
        self.is_confirmed = True
        self.taken += self._in_flight
        self._tries = 0
        if self._is_last:
            self.end = End.COMPLETE
            return None
        self._take_next()
        self._due_s = now_s + self._patience_s()
        return self._datagram

    def waited(self, now_s: float) -> bytes | None:
        """What to send again now, if anything; ends the transfer when patience is over."""
        if self.end is not None or now_s < min(self._due_s, self.begun_s + WHOLE_WITHIN_S):
            return None
        over = now_s >= self.begun_s + WHOLE_WITHIN_S
        if over or not self.is_confirmed or self._tries >= RETRANSMISSIONS_MAX:
            self.end = End.SILENCE
            return None
        self._tries += 1
        self.retransmissions += 1
        self._due_s = now_s + self._patience_s()
        return self._datagram

    def _take_next(self) -> None:
        payload = self.source.read(self.terms.block_bytes)
        self._number += 1
        self._read += len(payload)
        self._in_flight = len(payload)
        self._is_last = len(payload) < self.terms.block_bytes
        if self._is_last and self._read != self.size:
            raise ShortSourceError
        self._datagram = packets.data(self._number, payload)

    def _patience_s(self) -> float:
        if self.terms.timeout_s is not None:
            return float(self.terms.timeout_s)
        return min(math.ldexp(FIRST_TIMEOUT_S, self._tries), TIMEOUT_S_MAX)
