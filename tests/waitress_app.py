"""waitress in a thread of the tests, on a port of its own."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from waitress import create_server, wasyncore


@contextlib.contextmanager
def waitress(app: Callable[..., Iterable[bytes]], port: int = 0, **options: Any) -> Iterator[int]:
    """The app at the port that is given, or at one of the system's choice."""
    server = create_server(app, host="127.0.0.1", port=port, **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        sockets = server._map
        # The loop may run this before the byte that wakes it up is written.
        with contextlib.suppress(OSError):
            server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets))
        thread.join(20)
        server.task_dispatcher.shutdown()
