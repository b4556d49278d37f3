"""The pages on their own listener, as `flatpro serve` runs it, in a thread of the tests."""

import contextlib
import threading
from collections.abc import Iterator

from flask import Flask

from portal.page_listener.page_server import Limits, PageServer
from tests.ports import free_port


@contextlib.contextmanager
def paged(app: Flask, limits: Limits | None = None) -> Iterator[int]:
    """The app on a port of its own."""
    server = PageServer(app, "127.0.0.1", free_port(), limits)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.port
    finally:
        server.stop()
        thread.join(30)
