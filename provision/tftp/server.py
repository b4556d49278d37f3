"""The TFTP server: one thread, sockets for requests and one for each transfer (RFC 1350)."""

import contextlib
import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from provision.checkins import SentBytes, printable
from provision.limits import Limiter
from provision.tftp import listening, naming, packets, terms
from provision.tftp.acquaintance import Acquaintance
from provision.tftp.counting import Figures
from provision.tftp.listening import Arrived
from provision.tftp.naming import Found
from provision.tftp.options import TftpOptions
from provision.tftp.packets import Acknowledged, ErrorCode, Malformed, PeerError, ReadRequest
from provision.tftp.recording import Number, Recorder
from provision.tftp.transfer import End, ShortSourceError, Transfer
from storage.installation import Installation
from storage.refusals import RefusedError

#: Beyond these nothing is answered: whoever asks in earnest asks again.
PER_ADDRESS_MAX, ALL_MAX = 20, 400
REQUESTS_PER_MINUTE = 300
_TURN_S = 0.25
_LOOK_EACH_S = 0.1
_REPLY_BYTES = 64
#: Of these a flood would fill the log; they are counted.
_UNTOLD = frozenset({"network", "too-often", "busy", "again", "stranger"})
_LOST = (OSError, RefusedError, ShortSourceError)

_log = structlog.get_logger(__name__)


@dataclass
class _Session:
    """One transfer with its socket and its place in the records."""

    transfer: Transfer
    socket: socket.socket
    asked: Arrived
    number: Number | None = field(repr=False)


class TftpServer:
    """Serves until stopped; bound when made, so that a bad address is told at once."""

    def __init__(self, place: Installation, options: TftpOptions) -> None:
        assert options.host is not None, "TFTP is off without a host"
        self._place = place
        self._options = options
        self._listeners = listening.listen(options.host, options.port)
        self._selector = selectors.DefaultSelector()
        for listener in self._listeners:
            self._selector.register(listener, selectors.EVENT_READ)
        self._sessions: dict[socket.socket, _Session] = {}
        self._requests = Limiter(REQUESTS_PER_MINUTE)
        self._acquaintance = Acquaintance()
        self._recorder = Recorder(place)
        self._figures = Figures(place.data_dir)
        self._looked_s = 0.0
        self._stopping = False

    @property
    def port(self) -> int:
        bound: int = self._listeners[0].getsockname()[1]
        return bound

    def stop(self) -> None:
        """End soon; transfers under way are broken off, as a phone that asks again is served."""
        self._stopping = True

    def run(self) -> None:
        """Serve until stopped."""
        self._recorder.start()
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._close()

    def _turn(self) -> None:
        for key, _events in self._selector.select(_TURN_S):
            ready = key.fileobj
            if not isinstance(ready, socket.socket):
                continue
            if ready in self._listeners:
                for request in listening.arrived(ready):
                    self._take(request)
            elif ready in self._sessions:
                self._hear(self._sessions[ready])
        self._look_at_clock()
        self._figures.under_way.set(len(self._sessions))
        self._figures.write(time.monotonic())

    def _take(self, arrived: Arrived) -> None:
        """Answer a request, or do not."""
        request = packets.read_request(arrived.datagram)
        if request is None:
            return
        outcome, name = self._outcome(arrived, request), ""
        if isinstance(request, ReadRequest):
            name = printable(request.name)
        self._figures.requests.labels(outcome).inc()
        if outcome not in _UNTOLD:
            _log.info("tftp", address=arrived.address, name=name, outcome=outcome)

    def _outcome(self, arrived: Arrived, request: packets.Request) -> str:
        kept_out = self._kept_out(arrived)
        if kept_out is not None:
            return kept_out
        if isinstance(request, packets.WriteRequest):
            return self._refuse(arrived, ErrorCode.ACCESS, "No file is taken here", "write")
        if isinstance(request, Malformed):
            return self._refuse(arrived, ErrorCode.ILLEGAL, "Not a request", "malformed")
        if request.mode not in {"octet", "netascii"}:
            return self._refuse(arrived, ErrorCode.ILLEGAL, "Use mode octet", "mode")
        return self._look_up(arrived, request)

    def _kept_out(self, arrived: Arrived) -> str | None:
        """Why a request is not looked at, if it is not: then its sender hears nothing."""
        address = arrived.address
        if not self._options.answers(address):
            return "network"
        if not self._requests.add(address, time.monotonic()):
            return "too-often"
        if self._asked_before(arrived):
            return "again"
        here = Counter(session.asked.address for session in self._sessions.values())
        return "busy" if here[address] >= PER_ADDRESS_MAX or here.total() >= ALL_MAX else None

    def _look_up(self, arrived: Arrived, request: ReadRequest) -> str:
        try:
            found = naming.look_up(self._place, request.name, as_text=request.mode == "netascii")
        except (SQLAlchemyError, RefusedError, OSError):
            _log.exception("tftp-not-served")
            return self._refuse(arrived, ErrorCode.UNDEFINED, "Try again later", "failed")
        if found is None:
            return self._refuse(arrived, ErrorCode.NOT_FOUND, "File not found", "not-found")
        return self._begin(arrived, request, found)

    def _begin(self, arrived: Arrived, request: ReadRequest, found: Found) -> str:
        agreed = terms.agree(request.options, found.size)
        if not (agreed.told or self._may_have_block(arrived)):
            found.source.close()
            return "stranger"
        transfer = Transfer(found.source, found.size, agreed, time.monotonic())
        try:
            own = listening.towards(arrived.sender, arrived.ours)
        except OSError:
            found.source.close()
            return "failed"
        number = self._recorder.begins(found, arrived.address)
        session = _Session(transfer, own, arrived, number)
        self._sessions[own] = session
        self._selector.register(own, selectors.EVENT_READ)
        try:
            self._send(session, transfer.first())
        except _LOST:
            self._fail(session)
        return found.kind

    def _may_have_block(self, arrived: Arrived) -> bool:
        return self._acquaintance.may_have_block(arrived.address, time.monotonic())

    def _asked_before(self, arrived: Arrived) -> bool:
        """Whether this very request is being answered: then its answer may have been lost."""
        for session in self._sessions.values():
            transfer = session.transfer
            if session.asked == arrived and not transfer.is_confirmed:
                datagram = transfer.asked_again()
                if datagram and (transfer.terms.told or self._may_have_block(arrived)):
                    self._send(session, datagram)
                return True
        return False

    def _hear(self, session: _Session) -> None:
        try:
            reply = packets.read_reply(session.socket.recv(_REPLY_BYTES))
        except BlockingIOError:
            return
        except OSError:  # the receiver's port is closed
            reply = PeerError()
        if isinstance(reply, PeerError):
            session.transfer.end = End.CANCELLED
        elif isinstance(reply, Acknowledged):
            self._go_on(session, reply.block)
        self._end_if_over(session)

    def _go_on(self, session: _Session, block: int) -> None:
        now_s, was_confirmed = time.monotonic(), session.transfer.is_confirmed
        try:
            self._send(session, session.transfer.acknowledged(block, now_s))
        except _LOST:
            self._fail(session)
        if session.transfer.is_confirmed and not was_confirmed:
            self._acquaintance.heard(session.asked.address, now_s)

    def _look_at_clock(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EACH_S:
            return
        self._looked_s = now_s
        for session in list(self._sessions.values()):
            self._send(session, session.transfer.waited(now_s))
            self._end_if_over(session)

    def _send(self, session: _Session, datagram: bytes | None) -> None:
        """What cannot be sent is lost, as on any network: silence is answered by sending again."""
        if datagram is not None:
            with contextlib.suppress(OSError):
                session.socket.send(datagram)

    def _fail(self, session: _Session) -> None:
        _log.exception("tftp-broken-off")
        session.transfer.end = End.FAILED
        self._send(session, packets.error(ErrorCode.UNDEFINED, "The file cannot be read"))
        self._end_if_over(session)

    def _end_if_over(self, session: _Session) -> None:
        transfer = session.transfer
        if transfer.end is None or session.socket not in self._sessions:
            return
        self._selector.unregister(session.socket)
        del self._sessions[session.socket]
        session.socket.close()
        transfer.source.close()
        complete = transfer.end is End.COMPLETE
        sent = SentBytes(0, transfer.taken, transfer.size, complete=complete)
        self._recorder.ends(session.number, sent)
        self._figures.transfers.labels(transfer.end).inc()
        self._figures.taken_bytes.inc(transfer.taken)
        self._figures.retransmissions.inc(transfer.retransmissions)

    def _refuse(self, arrived: Arrived, code: ErrorCode, words: str, outcome: str) -> str:
        with contextlib.suppress(OSError), listening.towards(arrived.sender, arrived.ours) as own:
            own.send(packets.error(code, words))
        return outcome

    def _close(self) -> None:
        for session in list(self._sessions.values()):
            session.transfer.end = End.CANCELLED
            self._send(session, packets.error(ErrorCode.UNDEFINED, "The server stops"))
            self._end_if_over(session)
        self._selector.close()
        for listener in self._listeners:
            listener.close()
        self._recorder.stop()
        self._figures.forget()
