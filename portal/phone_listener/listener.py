"""Accepts phones' connections and wakes those that have something to do, in one thread.

A phone whose request is there when it is accepted is answered in that turn and never waited for.
The kernel tells of a connection when its first bytes are there: silent ones cost us nothing at all.
"""

import contextlib
import errno
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from firmware.image_door import ImageDoor
from portal import open_files
from portal.children import FINISH_WITHIN_S
from portal.phone_listener import first_request
from portal.phone_listener.accepting import Accepting
from portal.phone_listener.connection import Connection
from portal.phone_listener.desk import Desk, Patience
from portal.phone_listener.door_turn import DoorTurn
from portal.phone_listener.image_desk import ImageDesk
from portal.phone_listener.views_pool import ViewsPool
from portal.phone_listener.watch import READABLE, Watch
from portal.settings import Network
from provision.phone_door import Application, PhoneDoor

PATIENCE = Patience()
#: Connections held at once; what is answered at once is not held.
CONNECTIONS_MAX = 15_000
_ACCEPT_AT_ONCE = 64
_TURN_S = 1.0
_REST_S = 0.2
_NO_MORE_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = structlog.get_logger(__name__)


class PhoneListener:
    """Listens on one address from the moment it is made, and serves in `run` until `stop`."""

    def __init__(
        self,
        app: Application,
        door: PhoneDoor,
        place: tuple[str, int],
        trusted: Sequence[Network] = (),
        *,
        images: ImageDoor | None = None,
        most: int = CONNECTIONS_MAX,
        patience: Patience = PATIENCE,
    ) -> None:
        self._socket = Accepting(place, patience.head_s)
        self.port: int = self._socket.getsockname()[1]
        self._watch = Watch(most, time.monotonic())
        views = ViewsPool(app, (place[0], self.port), self._post)
        self._door = DoorTurn(door)
        self._desk = Desk(self._door, views, self._watch, trusted, patience, ImageDesk(images))
        self._posted: deque[Callable[[], None]] = deque()
        self._waker, self._woken = socket.socketpair()
        for end in (self._waker, self._woken):
            end.settimeout(0)
        self._ends_at_s: float | None = None
        self._rests_until_s: float | None = None
        self._is_asked_to_stop = False
        self._watch.selector.register(self._woken, READABLE, self._wake)
        self._watch.selector.register(self._socket, READABLE, self._accept)

    def run(self) -> None:
        """Serve until told to stop; then finish what is being sent, for FINISH_WITHIN_S at most."""
        watch = self._watch
        while self._ends_at_s is None or (watch.held and watch.now_s < self._ends_at_s):
            ready = watch.selector.select(_TURN_S)
            watch.now_s = time.monotonic()
            for key, _events in ready:
                _guarded(key.data)
            while self._posted:
                _guarded(self._posted.popleft())
            self._door.tell()
            watch.tell_late()
            self._take_turns()
        self._end()

    def stop(self) -> None:
        """Have `run` return; for any thread, and for a signal's handler."""
        self._is_asked_to_stop = True
        self._wake_up()

    def _take_turns(self) -> None:
        if self._is_asked_to_stop and self._ends_at_s is None:
            self._begin_to_end()
        if self._rests_until_s is not None and self._watch.now_s >= self._rests_until_s:
            self._rests_until_s = None
            if self._ends_at_s is None:
                self._watch.selector.register(self._socket, READABLE, self._accept)

    def _accept(self) -> None:
        for _ in range(_ACCEPT_AT_ONCE):
            try:
                accepted, address = self._socket.take()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NO_MORE_FILES:
                    self._rest(error)
                    return
                # That one is gone already.
                continue
            self._begin(accepted, address)

    def _begin(self, accepted: socket.SocketType, address: str) -> None:
        try:
            first_request.read(accepted, address, self._desk)
        except Exception:  # noqa: BLE001 - whatever it is, the other phones are served
            _log.exception("phone-connection-failed")
            accepted.close()

    def _rest(self, error: OSError) -> None:
        """Accept nothing for a moment: the next try would fail like this one."""
        _log.warning("phones-wait", reason=error.strerror, held=len(self._watch.held))
        self._watch.selector.unregister(self._socket)
        self._rests_until_s = self._watch.now_s + _REST_S

    def _post(self, act: Callable[[], None]) -> None:
        """Have it done by the thread that runs us."""
        self._posted.append(act)
        self._wake_up()

    def _wake_up(self) -> None:
        # A full pipe wakes as well.
        with contextlib.suppress(BlockingIOError, OSError):
            self._waker.send(b"\0")

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)

    def _begin_to_end(self) -> None:
        """Take no new ones; the next answer on each connection is its last."""
        self._watch.is_stopping = True
        self._ends_at_s = self._watch.now_s + FINISH_WITHIN_S
        with contextlib.suppress(KeyError):
            self._watch.selector.unregister(self._socket)
        self._socket.close()
        for connection in list(self._watch.held):
            if connection.is_idle:
                connection.cut()
            else:
                self._watch.until(connection, connection.due_s)

    def _end(self) -> None:
        for connection in list(self._watch.held):
            connection.cut()
        self._desk.views.finish_reading()
        while self._posted:
            _guarded(self._posted.popleft())
        self._desk.views.shutdown()
        self._watch.selector.close()
        self._waker.close()
        self._woken.close()


def listen(
    app: Application,
    door: PhoneDoor,
    place: tuple[str, int],
    trusted: Sequence[Network],
    images: ImageDoor | None,
) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    most = open_files.room_for(CONNECTIONS_MAX)
    listener = PhoneListener(app, door, place, trusted, images=images, most=most)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: listener.stop())
    listener.run()


def _guarded(act: Callable[[], None]) -> None:
    """A fault in one connection ends that one at the most, never the listener."""
    try:
        act()
    except Exception:  # noqa: BLE001 - whatever it is, the other phones are served
        _log.exception("phone-connection-failed")
        with contextlib.suppress(Exception):
            owner = getattr(act, "__self__", None)
            if isinstance(owner, Connection):
                owner.cut()
