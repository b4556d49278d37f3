"""One connection: requests in, each answered before the next is read, until one side ends it."""

import contextlib
import math
import socket
from collections.abc import Iterator
from dataclasses import replace

from portal.phone_listener import answers
from portal.phone_listener.desk import Desk
from portal.phone_listener.outgoing import Outgoing
from portal.phone_listener.request_body import BODY_BYTES_MAX, BadBodyError, Body
from portal.phone_listener.request_head import BadHead, Head, read_head
from portal.phone_listener.view_body import ViewBody
from portal.phone_listener.views_pool import ViewAnswer
from portal.phone_listener.watch import READABLE, WRITABLE

_LINGER_BYTES = 16 * 1024 * 1024
_READ_BYTES = 65_536
_NO_BODY = frozenset({204, 304})
#: These are the listener's to say.
_OURS = frozenset({"connection", "keep-alive", "transfer-encoding", "date"})


class Connection:
    """Called by the watch alone, in one thread."""

    __slots__ = (
        "_body", "_desk", "_head", "_is_closed", "_is_counted", "_is_idle", "_keeps_alive",
        "_lingers", "_out", "_received", "_room", "_socket", "_view_body",
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
        self._received = bytearray()
        self._head: Head | None = None
        self._body: Body | None = None
        self._out: Outgoing | None = None
        self._view_body: ViewBody | None = None
        self._keeps_alive = False
        #: What its body takes of the room for all.
        self._room = 0
        self._is_counted = False
        self._is_idle = False
        self._lingers = 0
        self._is_closed = False

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def is_idle(self) -> bool:
        """Whether nothing was asked that is not answered."""
        return self._head is None and not self._received and not self._lingers

    def ready(self) -> None:
        """Read, or send on; a new one answers what is there already, and is held only otherwise."""
        if self.waits_for == WRITABLE:
            self._send_on()
        else:
            self._read()

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
        self._is_closed = True
        if self._view_body is not None:
            self._view_body.cut(self._socket)
        if self.is_held:
            self._desk.watch.let_go(self, counted=self._is_counted)
        self._give_room()
        self._socket.close()

    @contextlib.contextmanager
    def _ended_by_fault(self) -> Iterator[None]:
        """While the views are asked nothing is waited for: a fault must not leave us held."""
        try:
            yield
        except Exception:
            self.cut()
            raise

    def _read(self) -> None:
        try:
            part = self._socket.recv(_READ_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait_for_request()
            return
        except OSError:
            part = b""
        if self._lingers:
            self._lingers -= len(part)
            if not part or self._lingers <= 0:
                self.cut()
        elif not part:
            self.cut()
        else:
            self._received += part
            self._go_on()

    def _go_on(self) -> None:
        """Answer what has been received, request by request."""
        while not self._is_closed and self._next_request():
            if not self._answer():
                return

    def _next_request(self) -> bool:
        """Whether a whole request is there to be answered."""
        if self._head is None:
            found = read_head(self._received)
            if found is None:
                self._wait_for_request()
                return False
            if isinstance(found, BadHead):
                self._refuse(found.status)
                return False
            del self._received[: found.size]
            self._head = found
            if not found.has_body:
                return True
        return self._is_body_whole(self._head)

    def _is_body_whole(self, head: Head) -> bool:
        try:
            if self._body is None:
                self._body = Body(head.body_bytes)
                room = BODY_BYTES_MAX if head.body_bytes is None else head.body_bytes
                if not self._desk.watch.take_room(room):
                    self._refuse(503)
                    return False
                self._room = room
                if "expect" in head.headers and head.minor and not self._received:
                    with contextlib.suppress(OSError):
                        self._socket.send(answers.CONTINUE, socket.MSG_DONTWAIT)
                self._wait(READABLE, self._desk.patience.body_s)
            return not self._is_closed and self._body.take(self._received)
        except BadBodyError as error:
            self._refuse(error.status)
            return False

    def _wait_for_request(self) -> None:
        if self._body is not None or self._lingers:
            self._wait(READABLE, None)
        elif self._is_idle and not self._received:
            self._wait(READABLE, self._desk.patience.idle_s)
        elif self._is_idle or not self.is_held:
            self._is_idle = False
            self._wait(READABLE, self._desk.patience.head_s)
        else:
            self._wait(READABLE, None)

    def _answer(self) -> bool:
        """Whether the answer is out already, and the next request may be read."""
        head = self._head
        assert head is not None, "only a request is answered"
        self._keeps_alive = head.keeps_alive and not self._desk.watch.is_stopping
        if head.method == "GET" and self._body is None:
            reply = self._desk.at_the_door(head, self.address)
            if reply is not None:
                told = answers.head(
                    head.minor, reply.status, reply.headers, keeps_alive=self._keeps_alive
                )
                return self._send(told + reply.body)
        content = b"" if self._body is None else bytes(self._body.content)
        self._wait(0, math.inf)
        if not self._is_closed and not self._desk.views.ask(
            head, self.address, content, self._view_answered
        ):
            self._refuse(503)
        return False

    def _view_answered(self, answer: ViewAnswer | None) -> None:
        with self._ended_by_fault():
            self._begin_answer(answer)

    def _begin_answer(self, answer: ViewAnswer | None) -> None:
        if self._is_closed or self._head is None:
            if answer is not None and not isinstance(answer.body, bytes):
                self._desk.views.close_body(answer.body)
            return
        if answer is None:
            self._refuse(500)
        elif self._take(answer, self._head):
            self._go_on()

    def _take(self, answer: ViewAnswer, head: Head) -> bool:
        """Begin to send what the views answered; whether it is out already."""
        if (head.method == "HEAD" or answer.status in _NO_BODY) and answer.body:
            if not isinstance(answer.body, bytes):
                self._desk.views.close_body(answer.body)
            answer = replace(answer, body=b"")
        self._keeps_alive = self._keeps_alive and not self._desk.watch.is_stopping
        lines = answers.lines(pair for pair in answer.headers if pair[0].lower() not in _OURS)
        told = answers.head(head.minor, answer.status, lines, keeps_alive=self._keeps_alive)
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
        self._out = Outgoing([data[count:]])
        self._wait(WRITABLE, self._desk.patience.stalled_s)
        return False

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
        self._give_room()
        lingers = not self._keeps_alive and bool(self._received)
        self._out = self._view_body = self._head = self._body = None
        if lingers:
            self._linger()
            return False
        if not self._keeps_alive or (self._desk.watch.is_stopping and not self._received):
            self.cut()
            return False
        self._is_idle = True
        return True

    def _give_room(self) -> None:
        self._desk.watch.give_room(self._room)
        self._room = 0

    def _refuse(self, status: int) -> None:
        """Tell a refusal and end; what still comes in is not read as a request."""
        minor = self._head.minor if self._head else 1
        with contextlib.suppress(OSError):
            self._socket.send(answers.refusal(minor, status), socket.MSG_DONTWAIT)
        self._linger()

    def _linger(self) -> None:
        self._received.clear()
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
            with contextlib.suppress(OSError):
                self._socket.send(answers.refusal(1, 503), socket.MSG_DONTWAIT)
        self.cut()
