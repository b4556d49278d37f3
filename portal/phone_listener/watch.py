"""Which connections are held, what each waits for, and until when."""

import math
import selectors
from collections import Counter
from typing import Protocol

from portal.phone_listener.deadlines import Deadlines

#: What a connection may wait for; 0 is neither.
READABLE, WRITABLE = selectors.EVENT_READ, selectors.EVENT_WRITE
#: Nobody who stands still is waited for longer once we are told to stop.
AT_THE_END_S = 5.0
#: Of bodies that are being sent or answered, all together: phones send little, and seldom.
BODIES_BYTES_MAX = 128 * 1024 * 1024
#: Many phones may stand behind one address of a provider.
OF_ONE_ADDRESS_MAX = 5_000


class Held(Protocol):
    """A connection as the watch sees it."""

    address: str
    due_s: float
    booked: int
    waits_for: int
    is_held: bool

    @property
    def is_idle(self) -> bool:
        """Whether nothing was asked that is not answered."""

    def fileno(self) -> int: ...
    def ready(self) -> None:
        """What it waits for has come."""

    def late(self) -> None:
        """Its deadline is past."""

    def cut(self) -> None:
        """End it wherever it is."""


class Watch:
    """The connections that could not be answered at once, at most `most` of them."""

    def __init__(
        self, most: int, now_s: float, *, of_one_address: int = OF_ONE_ADDRESS_MAX
    ) -> None:
        self.selector = selectors.DefaultSelector()
        self.held: set[Held] = set()
        #: Answers from now on end their connections.
        self.is_stopping = False
        self.now_s = now_s
        self._deadlines: Deadlines[Held] = Deadlines(now_s)
        self._most = most
        self._of_one_address = of_one_address
        self._of_address: Counter[str] = Counter()
        self._room = BODIES_BYTES_MAX

    def hold(self, connection: Held, *, counted: bool) -> bool:
        """Hold one more; False where there are too many. `counted`: it is one of its address's."""
        if len(self.held) >= self._most:
            return False
        if counted:
            if self._of_address[connection.address] >= self._of_one_address:
                return False
            self._of_address[connection.address] += 1
        connection.is_held = True
        self.held.add(connection)
        return True

    def let_go(self, connection: Held, *, counted: bool) -> None:
        """To be called before it is closed."""
        self.wait_for(connection, 0)
        connection.is_held = False
        self.held.discard(connection)
        self._deadlines.drop(connection)
        if counted:
            self._of_address[connection.address] -= 1
            if not self._of_address[connection.address]:
                del self._of_address[connection.address]

    def take_room(self, body_bytes: int) -> bool:
        """Set room aside for a body; False where there is none left."""
        if body_bytes > self._room:
            return False
        self._room -= body_bytes
        return True

    def give_room(self, body_bytes: int) -> None:
        """A body is gone."""
        self._room += body_bytes

    def wait_for(self, connection: Held, events: int) -> None:
        """Have the connection told when it is READABLE or WRITABLE; 0 for neither."""
        if connection.waits_for == events:
            return
        if not events:
            self.selector.unregister(connection.fileno())
        elif connection.waits_for:
            self.selector.modify(connection.fileno(), events, connection.ready)
        else:
            self.selector.register(connection.fileno(), events, connection.ready)
        connection.waits_for = events

    def until(self, connection: Held, due_s: float) -> None:
        """Tell the connection that it is late, unless it is given another deadline before."""
        if self.is_stopping and due_s < math.inf:
            due_s = min(due_s, self.now_s + AT_THE_END_S)
        connection.due_s = due_s
        self._deadlines.book(connection)

    def tell_late(self) -> None:
        """Tell those whose deadline is past."""
        for connection in self._deadlines.passed(self.now_s):
            if connection.is_held:
                connection.late()
