"""One question to many addresses from one socket: what lives there, and what it is.

An answer counts when address, port, id, community and OIDs are those of the question; all else
is counted and dropped. Packets are paced; the addresses that stayed silent are asked again in a
second pass.
"""

import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from provision.readers.snmp_asked import Asked
from provision.readers.snmp_ber import Answer, MalformedError
from provision.readers.snmp_question import Question

LANE = "sweep"
_BURST_S = 0.01
_BURST_MAX = 64
_DRAIN_MAX = 512
_DATAGRAM_MAX = 65_535
_RECEIVE_BUFFER = 4 << 20


@dataclass(frozen=True)
class Pace:
    """How fast to ask (packets a second), how long to wait, how many more passes to make."""

    rate: int
    timeout_s: float
    retries: int


@dataclass
class Tally:
    """What a sweep met; `odd` are addresses that answered with something else than an answer."""

    sent: int = 0
    unsent: int = 0
    stray: int = 0
    odd: set[str] = field(default_factory=set)


class Sweep:
    """Asks `addresses` (dotted) at `port`, each with ids of its own."""

    def __init__(self, question: Question, addresses: Iterable[str], port: int, pace: Pace) -> None:
        self._question, self._port, self._pace = question, port, pace
        self._asked = Asked(addresses)
        self.tally = Tally()

    def run(self) -> Iterator[tuple[str, Answer]]:
        """Each address that answers, once, as soon as it does."""
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
            selectors.DefaultSelector() as selector,
        ):
            sock.settimeout(0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            selector.register(sock, selectors.EVENT_READ)
            for _ in range(self._pace.retries + 1):
                silent = self._asked.silent()
                if not silent:
                    return
                self._asked.draw_ids()
                yield from self._ask_all(sock, selector, silent)

    def _ask_all(
        self, sock: socket.socket, selector: selectors.BaseSelector, places: Sequence[int]
    ) -> Iterator[tuple[str, Answer]]:
        """One pass: send at the pace, listen meanwhile, and as long again as one may wait."""
        rate = self._pace.rate
        burst = max(1, min(_BURST_MAX, int(rate * _BURST_S)))
        started = time.perf_counter()
        at, total = 0, len(places)
        while at < total:
            due = min(total, int((time.perf_counter() - started) * rate) + burst)
            if at < due:
                stop = min(due, at + burst)
                self._send(sock, places[at:stop])
                at = stop
                if at < due:
                    yield from self._drain(sock)
                    continue
            selector.select(max(0.0, started + (at + 1 - burst) / rate - time.perf_counter()))
            yield from self._drain(sock)
        end = time.perf_counter() + self._pace.timeout_s
        while not self._asked.is_over():
            left = end - time.perf_counter()
            if left <= 0:
                return
            if selector.select(left):
                yield from self._drain(sock)

    def _send(self, sock: socket.socket, places: Sequence[int]) -> None:
        before, behind, port = self._question.before, self._question.behind, self._port
        send = sock.sendto
        for request_id, address in self._asked.asking(places):
            try:
                send(before + request_id + behind, (address, port))
            except OSError:
                # No route, a broadcast address, a full queue: the second pass tries again.
                self.tally.unsent += 1
        self.tally.sent += len(places)

    def _drain(self, sock: socket.socket) -> Iterator[tuple[str, Answer]]:
        receive, read = sock.recvfrom, self._question.reader.read
        asked, port, tally = self._asked, self._port, self.tally
        for _ in range(_DRAIN_MAX):
            try:
                datagram, (address, source_port) = receive(_DATAGRAM_MAX)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP answer to an earlier packet: that address stays silent.
                continue
            place = asked.place(address)
            if source_port != port or place is None:
                tally.stray += 1
                continue
            try:
                answer = read(datagram)
            except MalformedError:
                tally.odd.add(address)
                continue
            first = asked.hear(place, answer.request_id)
            if first is None:
                tally.stray += 1
            elif first:
                tally.odd.discard(address)
                yield address, answer
