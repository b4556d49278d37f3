"""The phone plane's listener: granian in this process; a silent or slow phone costs no thread.

Its embedded server is called experimental by its makers: what we need of it is held by our tests
on raw sockets, and its version by our lock file.
"""

import asyncio
import signal
import socket
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from portal import open_files
from portal.children import FINISH_WITHIN_S
from portal.phone_bridge import PhoneBridge

BACKLOG = 4096
#: Connections at once, silent ones included.
CONNECTIONS_MAX = 15_000
HEADER_BYTES_MAX = 32_768
HEADER_WITHIN_MS = 10_000
#: Little is buffered for a phone, so that a cut download is recorded close to where it was cut.
SEND_BUFFER_BYTES = 131_072


class PhoneServer(Server):
    """Listens on one address until it is stopped."""

    def __init__(
        self, bridge: PhoneBridge, host: str, port: int, connections: int = CONNECTIONS_MAX
    ) -> None:
        super().__init__(
            bridge,
            host,
            port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=connections,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_WITHIN_MS, max_buffer_size=HEADER_BYTES_MAX
            ),
            log_enabled=False,
        )

    def _init_shared_socket(self) -> None:
        """Bind here, so that every connection inherits a small send buffer."""
        super()._init_shared_socket()  # type: ignore[no-untyped-call]  # granian has no types here
        specification: Any = self._ssp
        bound = specification.build()
        self._shd, self._ssp = bound, None
        with socket.socket(fileno=socket.dup(bound.get_fd())) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


def listen(bridge: PhoneBridge, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C, and finish what has begun."""
    asyncio.run(_serve(bridge, host, port))


async def _serve(bridge: PhoneBridge, host: str, port: int) -> None:
    server = PhoneServer(bridge, host, port, open_files.room_for(CONNECTIONS_MAX))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve()
    await bridge.finish(FINISH_WITHIN_S)
