"""One connection: requests in, each answered before the next is read, until one side ends it.

A phone that asks once and goes has none: see first_request.py.
"""

import math
import socket
from dataclasses import replace

from portal.phone_listener import answers
from portal.phone_listener.desk import Desk
from portal.phone_listener.held import HeldSocket
from portal.phone_listener.incoming import BadRequestError, Incoming
from portal.phone_listener.outgoing import Outgoing
from portal.phone_listener.request_body import BadBodyError
from portal.phone_listener.request_head import Head
from portal.phone_listener.view_body import ViewBody
from portal.phone_listener.views_pool import ViewAnswer
from portal.phone_listener.watch import READABLE, WRITABLE
from provision.phone_door import Reply

READ_BYTES = 65_536
_NO_BODY = frozenset({204, 304})


class Connection(HeldSocket):
    """Called by the watch alone, in one thread."""

    __slots__ = ("_incoming", "_is_idle", "_keeps_alive", "_out", "_view_body")

    def __init__(self, accepted: socket.SocketType, address: str, desk: Desk) -> None:
        super().__init__(accepted, address, desk)
        self._incoming = Incoming(desk.watch)
        self._out: Outgoing | None = None
        self._view_body: ViewBody | None = None
        self._keeps_alive = False
        self._is_idle = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing was asked that is not answered."""
        return self._incoming.is_empty and not self._lingers

    def ready(self) -> None:
        """Read, or send on."""
        if self.waits_for == WRITABLE:
            self._send_on()
        else:
            self._read()

    def take(self, received: bytes | None) -> None:
        """Begin with what was read already; None where nothing was there."""
        with self._ended_by_fault():
            if received is None:
                self._wait_for_request()
            else:
                self._take(received)

    def ask_views(self, head: Head) -> None:
        """Begin with a request that was read already, and is not the door's to answer."""
        self._incoming.head, self._keeps_alive = head, head.keeps_alive
        with self._ended_by_fault():
            self._pass_on(head, b"")

    def send_rest(self, head: Head, rest: bytes) -> None:
        """Begin with an answer of which only a part went out."""
        self._incoming.head, self._keeps_alive = head, head.keeps_alive
        with self._ended_by_fault():
            self._send_later(rest)

    def wait_for_next(self) -> None:
        """Begin behind a request that was answered already."""
        self._is_idle = True
        with self._ended_by_fault():
            self._wait_for_request()

    def late(self) -> None:
        """End it; who is late with a request is told so."""
        if self._out or self._lingers or self.is_idle:
            self.cut()
        else:
            self._refuse(408)

    def cut(self) -> None:
        """End it wherever it is."""
        if self._is_closed:
            return
        if self._view_body is not None:
            self._view_body.cut(self._socket)
        self._incoming.give_room()
        super().cut()

    def _read(self) -> None:
        try:
            part = self._socket.recv(READ_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait_for_request()
            return
        except OSError:
            part = b""
        self._take(part)

    def _take(self, part: bytes) -> None:
        if self._lingers:
            self._lingers -= len(part)
            if not part or self._lingers <= 0:
                self.cut()
        elif not part:
            self.cut()
        else:
            self._incoming.received += part
            self._go_on()

    def _go_on(self) -> None:
        """Have the next request answered, if it is there."""
        if self._is_closed:
            return
        head = self._next_request()
        if head is not None:
            self._answer(head)

    def _next_request(self) -> Head | None:
        """The request that is whole and to be answered."""
        incoming = self._incoming
        try:
            head = incoming.next_head()
            if head is None:
                self._wait_for_request()
                return None
            if incoming.begin_body(head):
                self._expect_body(head)
            return head if not self._is_closed and incoming.is_whole() else None
        except (BadRequestError, BadBodyError) as error:
            self._refuse(error.status)
            return None

    def _expect_body(self, head: Head) -> None:
        if "expect" in head.headers and head.minor and not self._incoming.received:
            self._tell(answers.CONTINUE)
        self._wait(READABLE, self._desk.patience.body_s)

    def _wait_for_request(self) -> None:
        if self._incoming.has_body or self._lingers:
            self._wait(READABLE, None)
        elif self._is_idle and not self._incoming.received:
            self._wait(READABLE, self._desk.patience.idle_s)
        elif self._is_idle or not self.is_held:
            self._is_idle = False
            self._wait(READABLE, self._desk.patience.head_s)
        else:
            self._wait(READABLE, None)

    def _answer(self, head: Head) -> None:
        self._keeps_alive = head.keeps_alive and not self._desk.watch.is_stopping
        if head.method == "GET" and not head.has_body:
            self._desk.ask_door(head, self.address, self._door_answered, self.cut)
        else:
            self._pass_on(head, self._incoming.content)

    def _door_answered(self, reply: Reply | None) -> None:
        head = self._incoming.head
        if self._is_closed or head is None:
            return
        if reply is None:
            self._pass_on(head, b"")
            return
        told = answers.head(head.minor, reply.status, reply.headers, keeps_alive=self._keeps_alive)
        if self._send(told + reply.body):
            self._go_on()

    def _pass_on(self, head: Head, content: bytes) -> None:
        """Ask the views; nothing is waited for until they answer."""
        self._wait(0, math.inf)
        if not self._is_closed and not self._desk.views.ask(
            head, self.address, content, self._view_answered
        ):
            self._refuse(503)

    def _view_answered(self, answer: ViewAnswer | None) -> None:
        with self._ended_by_fault():
            self._begin_answer(answer)

    def _begin_answer(self, answer: ViewAnswer | None) -> None:
        head = self._incoming.head
        if self._is_closed or head is None:
            if answer is not None and not isinstance(answer.body, bytes):
                self._desk.views.close_body(answer.body)
            return
        if answer is None:
            self._refuse(500)
        elif self._take_answer(answer, head):
            self._go_on()

    def _take_answer(self, answer: ViewAnswer, head: Head) -> bool:
        """Begin to send what the views answered; whether it is out already."""
        if (head.method == "HEAD" or answer.status in _NO_BODY) and answer.body:
            if not isinstance(answer.body, bytes):
                self._desk.views.close_body(answer.body)
            answer = replace(answer, body=b"")
        self._keeps_alive = self._keeps_alive and not self._desk.watch.is_stopping
        told = answers.head_of_views(
            head.minor, answer.status, answer.headers, keeps_alive=self._keeps_alive
        )
        if isinstance(answer.body, bytes):
            return self._send(told + answer.body)
        self._view_body = ViewBody(answer.body, told, answer.length, self._desk.views)
        self._out = self._view_body.out
        # The kernel waits for a reader otherwise.
        self._socket.settimeout(0)
        self._wait(WRITABLE, self._desk.patience.stalled_s)
        return False

    def _send(self, data: bytes) -> bool:
        """Send a whole answer; whether the connection took all of it, and goes on."""
        try:
            count = self._socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            count = 0
        except OSError:
            self.cut()
            return False
        if count == len(data):
            return self._finished()
        self._send_later(data[count:])
        return False

    def _send_later(self, data: bytes) -> None:
        self._out = Outgoing([data])
        self._wait(WRITABLE, self._desk.patience.stalled_s)

    def _send_on(self) -> None:
        out = self._out
        assert out is not None, "who waits to send has something to send"
        try:
            moved = out.send(self._socket)
        except OSError:
            self.cut()
            return
        if out:
            if moved:
                self._wait(WRITABLE, self._desk.patience.stalled_s)
        elif self._view_body is not None and self._view_body.read_on(self._piece_read):
            self._wait(0, math.inf)
        elif self._finished():
            self._go_on()

    def _piece_read(self, piece: bytes | None) -> None:
        with self._ended_by_fault():
            self._send_piece(piece)

    def _send_piece(self, piece: bytes | None) -> None:
        assert self._view_body is not None, "it asked for the piece"
        if not self._view_body.take(piece):
            # What was promised does not come: the phone must not take it for the whole.
            self.cut()
        elif piece is not None:
            self._wait(WRITABLE, self._desk.patience.stalled_s)
            self._send_on()
        elif self._finished():
            self._go_on()

    def _finished(self) -> bool:
        """The answer is out; whether the connection goes on."""
        if self._view_body is not None:
            self._view_body.finish()
        self._incoming.answered()
        self._out = self._view_body = None
        follows = bool(self._incoming.received)
        if follows and not self._keeps_alive:
            self._linger()
            return False
        if not self._keeps_alive or (self._desk.watch.is_stopping and not follows):
            self.cut()
            return False
        self._is_idle = True
        return True

    def _refuse(self, status: int) -> None:
        """Tell a refusal and end; what still comes in is not read as a request."""
        minor = self._incoming.head.minor if self._incoming.head else 1
        self._tell(answers.refusal(minor, status))
        self._linger()

    def _linger(self) -> None:
        self._incoming.received.clear()
        super()._linger()
