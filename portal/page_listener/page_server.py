"""The listener of people's pages: waitress, with five habits of ours.

A request whose end can be read in two ways is refused and its connection closed. Who sends or reads
too slowly is cut off. A stored file holds no thread while it is read (page_files). Who waits to be
taken is taken with all others. Told to stop, it takes nobody new, finishes what it is sending and
receiving, and only then ends.
"""

import re
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

import structlog
import waitress.adjustments
from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer, create_server

from firmware.publishing import MAX_IMAGE_BYTES
from portal import open_files
from portal.children import FINISH_WITHIN_S
from portal.page_listener.page_files import NextOf, Reads, StoredFile, handing_over

CONNECTIONS_MAX = 2000
#: In one turn of the loop. The library takes one: behind five hundred others, who came last waited
#: for seconds, as each turn looks at every connection and waits for the threads' lock.
ACCEPT_AT_ONCE = 64
#: Who has just connected is about to ask.
NEW_S = 0.5

#: A slow reader must not fill memory, nor a full send buffer stop the loop: waitress copies in
#: pieces of the socket's send buffer, which loopback otherwise grows to megabytes.
waitress.adjustments.Adjustments.socket_options = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_SNDBUF, 131_072),
]

_CODINGS = re.compile(rb"\ntransfer-encoding:([^\r\n]*)", re.IGNORECASE)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a listener takes and holds; `buffered_bytes` wait for one slow reader."""

    body_bytes: int = MAX_IMAGE_BYTES + 2**20
    buffered_bytes: int = 262_144
    #: A request's head must be there by then; so long may a reader take nothing at all.
    head_within_s: float = 20.0
    read_within_s: float = 30.0
    #: What a body must come with after its grace, on average.
    body_grace_s: float = 20.0
    body_bytes_a_second: int = 1000


class StrictParser(HTTPRequestParser):
    """Refuses what RFC 9112 §6.1 lets a server read, provided that it then ends the connection."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        codings = [value.strip().lower() for value in _CODINGS.findall(header_plus)]
        if not codings:
            return
        if codings != [b"chunked"] or "CONTENT_LENGTH" in self.headers or self.version != "1.1":
            raise ParsingError("The end of the request can be read in two ways")


class PageChannel(HTTPChannel):
    """A connection of a person or a program."""

    parser_class = StrictParser
    #: The types ask for the library's own channel in its queue of tasks.
    server: Any
    _began_at = 0.0
    _is_postponed = False

    def service(self) -> None:
        """Answer the next request, unless the answer before it is still a file on its way."""
        with self.outbuf_lock:
            if self._sends_file():
                self._is_postponed = True
                return
        super().service()

    def handle_write(self) -> None:
        super().handle_write()
        if self._is_postponed and self.connected and not self._sends_file():
            self._is_postponed = False
            self.server.add_task(self)

    def writable(self) -> bool:
        """Whether there is something to send now: not while the next piece of a file is read."""
        first = self.outbufs[0]
        if isinstance(first, StoredFile) and first.is_awaited:
            return self.will_close
        return super().writable()

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT002 - the library's
        """Send what is taken now; a reader who is gone, or a file that is cut, ends it."""
        if not isinstance(data, NextOf) or self.socket is None:
            return super().send(data, do_close)
        try:
            return data.file.send_to(self.socket)
        except OSError:
            if do_close:
                self.handle_close()
            return 0

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Have a thread wait for the reader; while a file is read none does, see `service`."""
        if not self._sends_file():
            super()._flush_outbufs_below_high_watermark()  # type: ignore[misc]  # no types for it

    def _sends_file(self) -> bool:
        with self.outbuf_lock:
            return any(isinstance(one, StoredFile) for one in self.outbufs)

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self._began_at = time.time()
        return super().received(data)

    def overdue(self, limits: Limits, now: float) -> bool:
        """Whether it keeps its place longer than an honest client on a bad line would."""
        if self.total_outbufs_len:
            return now - self.last_activity > limits.read_within_s
        if self.request is None or self.requests:
            return False
        took_s = now - self._began_at
        if not self.request.headers_finished:
            return took_s > limits.head_within_s
        received = self.request.body_bytes_received
        return took_s > limits.body_grace_s and received < limits.body_bytes_a_second * took_s

    @property
    def busy(self) -> bool:
        """Whether an answer is being made or sent, or a request is on its way."""
        begun = self.request is not None and self.request.headers_finished
        new = time.time() - self.creation_time < NEW_S
        return bool(self.requests or self.total_outbufs_len or begun or new)


class PageServer:
    """Listens where it was told until SIGTERM or Ctrl-C; a second one ends it at once."""

    def __init__(self, app: Flask, host: str, port: int, limits: Limits | None = None) -> None:
        """Bind at once; raises OSError when the port is in use."""
        self._limits = limits = limits or Limits()
        self._most = open_files.room_for(CONNECTIONS_MAX)
        # Dispatchers by descriptor; the library's types call them sockets.
        self._map: dict[int, Any] = {}
        self._reads = Reads(self._wake)
        create_server(
            handing_over(app, self._reads),
            map=self._map,
            host=host,
            port=port,
            threads=16,
            backlog=1024,
            connection_limit=self._most,
            channel_timeout=60,
            asyncore_use_poll=True,
            max_request_header_size=32_768,
            outbuf_high_watermark=limits.buffered_bytes,
            max_request_body_size=limits.body_bytes,
            clear_untrusted_proxy_headers=False,
            ident=None,
        )
        self._listeners: list[Any] = [
            one for one in self._map.values() if isinstance(one, TcpWSGIServer)
        ]
        for listener in self._listeners:
            listener.channel_class = PageChannel
            listener.handle_accept = partial(self._take_all, listener.handle_accept)
        self._told = False

    @property
    def port(self) -> int:
        return int(self._listeners[0].effective_port)

    def stop(self) -> None:
        """Let `run` finish what has begun and end; from any thread."""
        self._told = True
        self._wake()

    def run(self, on_stop: Callable[[], None] | None = None) -> None:
        """Serve until told to stop; `on_stop` is called then, before the rest is finished."""
        looked_at = time.time()
        while not self._told:
            self._turn(1.0)
            if time.time() - looked_at > 1.0:
                looked_at = time.time()
                self._cut_overdue(looked_at)
        if on_stop is not None:
            on_stop()
        # Those who wait to be taken are still taken.
        self._turn(0.0)
        for listener in self._listeners:
            # Its own `close` would take the pipe away by which threads wake this loop.
            wasyncore.dispatcher.close(listener)
        deadline = time.monotonic() + FINISH_WITHIN_S
        while self._close_idle() and time.monotonic() < deadline:
            self._turn(0.1)
        if left := self._close_idle():
            _log.warning("connections-cut", count=left)
        self._listeners[0].task_dispatcher.shutdown()
        self._reads.shutdown()
        wasyncore.close_all(self._map)

    def end_by_signal(self) -> None:
        """Stop on SIGTERM and Ctrl-C; only in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        if self._told:
            raise KeyboardInterrupt
        self.stop()

    def _wake(self) -> None:
        self._listeners[0].pull_trigger()

    def _turn(self, wait_s: float) -> None:
        wasyncore.loop(timeout=wait_s, use_poll=True, map=self._map, count=1)

    def _take_all(self, take_one: Callable[[], None]) -> None:
        """Take those who wait to be taken."""
        for _ in range(ACCEPT_AT_ONCE):
            held = len(self._map)
            take_one()
            if not held < len(self._map) < self._most:
                return

    def _channels(self) -> list[PageChannel]:
        return [one for one in self._map.values() if isinstance(one, PageChannel)]

    def _cut_overdue(self, now: float) -> None:
        for channel in self._channels():
            if channel.overdue(self._limits, now):
                # Its turn to write, at which it would end by itself, may never come.
                channel.handle_close()

    def _close_idle(self) -> int:
        """End the connections on which nothing goes on; how many others there are."""
        channels = self._channels()
        busy = [channel for channel in channels if channel.busy]
        for channel in channels:
            if channel not in busy:
                channel.will_close = True
        return len(busy)
