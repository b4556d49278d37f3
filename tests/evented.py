"""The phone plane on its own listener, as `flatpro serve` runs it, in a thread of the tests."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

from flask import Flask

from portal.phone_bridge import PhoneBridge
from portal.phone_server import PhoneServer
from provision import phone_api
from tests.postgres import free_port


@contextlib.contextmanager
def evented(app: Flask) -> Iterator[int]:
    """The app on a port of its own; what the last requests left behind is done at the end."""
    bridge, port = PhoneBridge(app, phone_api.door_of(app)), free_port()
    loop = asyncio.new_event_loop()
    servers: list[PhoneServer] = []

    async def serve() -> None:
        servers.append(PhoneServer(bridge, "127.0.0.1", port))
        await servers[0].serve()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())

    thread = threading.Thread(target=run)
    thread.start()
    _wait_for(port)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(servers[0].stop)
        thread.join(20)
        bridge.close()
        loop.close()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError("the listener does not listen")
