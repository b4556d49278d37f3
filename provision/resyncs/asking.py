"""Sends notices from one socket at a pace, says them again, and hears who answers.

An answer counts when it comes from the address that was asked and brings back the branch, the
Call-ID and the number of the question; all else is counted and dropped.
"""

import heapq
import secrets
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from provision.resyncs import answering, message
from provision.resyncs.message import BRANCH_COOKIE, Marks, Notice, Proof, Reply
from provision.resyncs.transaction import Timers, Transaction
from provision.resyncs.vocabulary import TargetState

_DATAGRAM_MAX = 16_384
_DRAIN_MAX = 256
_BUFFER = 1 << 20


@dataclass(frozen=True)
class Outcome:
    """What came of one notice; `status` and `reason` are the phone's last answer's."""

    key: int
    state: TargetState
    status: int | None = None
    reason: str = ""
    sent: int = 0


@dataclass
class Tally:
    """What the socket met; `stray` came from others, or answers nothing that was asked."""

    sent: int = 0
    unsent: int = 0
    stray: int = 0


@dataclass
class Asker:
    """Says notices to `rate` phones a second."""

    rate: int
    timers: Timers = field(default_factory=Timers)
    tally: Tally = field(default_factory=Tally)

    def run(self, notices: Iterable[Notice | Outcome]) -> Iterator[Outcome]:
        """The outcome of every notice, as soon as it is known.

        An outcome among them, of a phone that is not asked, is handed on and takes no turn.
        """
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
            selectors.DefaultSelector() as selector,
        ):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            sock.bind(("", 0))
            sock.settimeout(0)
            selector.register(sock, selectors.EVENT_READ)
            yield from _Round(self, sock, selector).run(iter(notices))


class _Round:
    """One socket's life: the notices under way by branch, and when each is to be looked at."""

    def __init__(self, asker: Asker, sock: socket.socket, selector: selectors.BaseSelector) -> None:
        self._asker, self._sock, self._selector = asker, sock, selector
        self._open: dict[str, Transaction] = {}
        self._due: list[tuple[float, int, str]] = []
        self._order = count()

    def run(self, notices: Iterator[Notice | Outcome]) -> Iterator[Outcome]:
        gap, next_at, more = 1 / self._asker.rate, time.monotonic(), True
        while more or self._open:
            now = time.monotonic()
            if more and now >= next_at:
                one = next(notices, None)
                more = one is not None
                if isinstance(one, Outcome):
                    yield one
                elif one is not None:
                    # A bucket of one: what was not sent in time is not caught up in a burst.
                    next_at = max(next_at + gap, now)
                    yield from self._begin(one)
            yield from self._look_again(now)
            wake = [next_at] * more + ([self._due[0][0]] if self._due else [])
            if wake and self._selector.select(max(0.0, min(wake) - time.monotonic())):
                yield from self._hear()

    def _begin(self, notice: Notice) -> Iterator[Outcome]:
        here = self._here(notice)
        if here is None:
            yield Outcome(notice.key, TargetState.SILENT, reason="no route")
            return
        marks = Marks(_branch(), secrets.token_hex(16), secrets.token_hex(8))
        self._send(self._opened(notice, marks, message.written(notice, marks, here, None)))

    def _opened(self, notice: Notice, marks: Marks, packet: bytes) -> Transaction:
        begun = time.monotonic()
        made = Transaction(notice, marks, packet, begun, self._asker.timers)
        self._open[marks.branch] = made
        return made

    def _send(self, one: Transaction) -> None:
        try:
            self._sock.sendto(one.packet, (str(one.notice.address), one.notice.port))
            self._asker.tally.sent += 1
        except OSError:
            # No buffer, no route for the moment: timer E says it again.
            self._asker.tally.unsent += 1
        due = one.said(time.monotonic())
        heapq.heappush(self._due, (due, next(self._order), one.marks.branch))

    def _look_again(self, now: float) -> Iterator[Outcome]:
        while self._due and self._due[0][0] <= now:
            branch = heapq.heappop(self._due)[2]
            one = self._open.get(branch)
            if one is None:
                continue
            if now < one.ends:
                self._send(one)
                continue
            del self._open[branch]
            yield Outcome(one.notice.key, TargetState.SILENT, sent=one.sent)

    def _hear(self) -> Iterator[Outcome]:
        for _ in range(_DRAIN_MAX):
            try:
                datagram, (address, _port) = self._sock.recvfrom(_DATAGRAM_MAX)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP answer to something sent earlier: timer F speaks for that phone.
                continue
            reply = message.read(datagram)
            one = self._open.get(reply.branch) if reply else None
            if reply is None or one is None or not _answers(reply, one, address):
                self._asker.tally.stray += 1
            elif not reply.is_final:
                one.heard = True
            else:
                del self._open[reply.branch]
                yield from self._settle(one, reply)

    def _settle(self, one: Transaction, reply: Reply) -> Iterator[Outcome]:
        proof = None if one.proved else self._proof(one, reply)
        here = self._here(one.notice)
        if proof is None or here is None:
            state = _state(one, reply)
            yield Outcome(one.notice.key, state, reply.status, reply.reason, one.sent)
            return
        old = one.marks
        marks = Marks(_branch(), old.call_id, old.tag, old.sequence + 1)
        again = self._opened(one.notice, marks, message.written(one.notice, marks, here, proof))
        again.proved, again.sent = True, one.sent
        self._send(again)

    def _proof(self, one: Transaction, reply: Reply) -> Proof | None:
        login, header = one.notice.login, reply.proof_header
        if login is None or header is None:
            return None
        uri, cnonce = message.target(one.notice), secrets.token_hex(8)
        value = answering.answer(reply.challenges, login, uri, cnonce)
        return Proof(header, value) if value is not None else None

    def _here(self, notice: Notice) -> tuple[str, int] | None:
        """The address that the phone will see, as the routes are now; None without a route."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((str(notice.address), notice.port))
            except OSError:
                return None
            host = str(probe.getsockname()[0])
        return host, int(self._sock.getsockname()[1])


def _branch() -> str:
    return f"{BRANCH_COOKIE}{secrets.token_hex(16)}"


def _answers(reply: Reply, one: Transaction, address: str) -> bool:
    asked = (one.marks.call_id, one.marks.sequence, str(one.notice.address))
    return (reply.call_id, reply.sequence, address) == asked


def _state(one: Transaction, reply: Reply) -> TargetState:
    if reply.status < 300:
        return TargetState.ACCEPTED
    if reply.proof_header is None:
        return TargetState.REFUSED
    if one.proved:
        return TargetState.WRONG_PASSWORD
    return TargetState.UNPROVED if one.notice.unproved else TargetState.CHALLENGED
