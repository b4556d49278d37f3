"""A socket for paramiko on a leash: one wall clock and one byte count for the whole session.

paramiko's own timeouts bound single waits; a server that drips or never ends its banner keeps each
of them. Here the socket counts, and when the clock is over it is shut, which ends every wait.
"""

import socket
import threading
import time
from typing import Self


class SshLeash(socket.socket):
    """A connected socket; `overrun` tells why it ended ("time" or "size"), if it did so itself."""

    overrun: str | None = None
    _end: float
    _bytes_left: int
    _clock: threading.Timer

    @classmethod
    def connect_to(
        cls, address: tuple[str, int], timeout_s: float, seconds: float, size: int
    ) -> Self:
        """Connect, and start the clock; OSError where nobody listens."""
        connected = socket.create_connection(address, timeout_s)
        leash = cls(connected.family, connected.type, connected.proto, connected.detach())
        leash._end = time.monotonic() + seconds
        leash._bytes_left = size
        leash._clock = threading.Timer(seconds, leash._end_for, ["time"])
        leash._clock.daemon = True
        leash._clock.start()
        return leash

    @property
    def seconds_left(self) -> float:
        """Never quite nothing, as a wait of 0 means "no wait at all" to some."""
        return max(self._end - time.monotonic(), 0.01)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """What came; nothing at the end of the leash, as if the peer had hung up."""
        if self.overrun is not None:
            return b""
        data = super().recv(size, flags)
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self._end_for("size")
            return b""
        return data

    def close(self) -> None:
        self._clock.cancel()
        super().close()

    def _end_for(self, reason: str) -> None:
        self.overrun = self.overrun or reason
        try:
            self.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
