"""A connection as the watch holds it: waited for until a deadline, let go of, and cut."""

import contextlib
import math
import socket
from collections.abc import Iterator

from portal.phone_listener import answers
from portal.phone_listener.desk import Desk
from portal.phone_listener.watch import READABLE

_LINGER_BYTES = 16 * 1024 * 1024


class HeldSocket:
    """Held from when it first must wait for something."""

    __slots__ = (
        "_desk", "_is_closed", "_is_counted", "_lingers", "_socket",
        "address", "booked", "due_s", "is_held", "waits_for",
    )  # fmt: skip

    def __init__(self, accepted: socket.SocketType, address: str, desk: Desk) -> None:
        self.address = address
        self.due_s = math.inf
        self.booked = 0
        self.waits_for = 0
        self.is_held = False
        self._socket = accepted
        self._desk = desk
        self._is_counted = False
        #: How many bytes it still takes after a refusal, unread.
        self._lingers = 0
        self._is_closed = False

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def is_idle(self) -> bool:
        """Whether nothing was asked that is not answered."""
        raise NotImplementedError

    def ready(self) -> None:
        """What it waits for has come."""
        raise NotImplementedError

    def late(self) -> None:
        """Its deadline is past."""
        raise NotImplementedError

    def cut(self) -> None:
        """End it wherever it is."""
        if self._is_closed:
            return
        self._is_closed = True
        if self.is_held:
            self._desk.watch.let_go(self, counted=self._is_counted)
        self._socket.close()

    @contextlib.contextmanager
    def _ended_by_fault(self) -> Iterator[None]:
        """While the views are asked nothing is waited for: a fault must not leave us held."""
        try:
            yield
        except Exception:
            self.cut()
            raise

    def _tell(self, data: bytes) -> None:
        """Send a few words, if the other side takes them."""
        with contextlib.suppress(OSError):
            self._socket.send(data, socket.MSG_DONTWAIT)

    def _linger(self) -> None:
        """Say no more; take what still comes in, or the other side would lose what we said."""
        self._lingers = _LINGER_BYTES
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._wait(READABLE, self._desk.patience.linger_s)

    def _wait(self, events: int, within_s: float | None) -> None:
        """Wait to be told; with None the deadline stays."""
        watch = self._desk.watch
        if self._is_closed:
            return
        if not self.is_held:
            self._is_counted = self._desk.is_counted(self.address)
            if not watch.hold(self, counted=self._is_counted):
                self._turn_away()
                return
        watch.wait_for(self, events)
        if within_s is not None:
            watch.until(self, watch.now_s + within_s)

    def _turn_away(self) -> None:
        """There are too many: it is not held, so it cannot be waited for either."""
        if not self._lingers:
            self._tell(answers.refusal(1, 503))
        self.cut()
