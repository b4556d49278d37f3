"""Who waits to be taken by the listener of pages is taken with all others, in one turn."""

import contextlib

from flask import Flask

from portal.page_listener.page_server import PageServer
from tests.portal.test_slow_clients import open_line
from tests.ports import free_port


def test_told_to_stop_it_still_answers_all_who_wait_to_be_taken(app: Flask) -> None:
    server = PageServer(app, "127.0.0.1", free_port())
    with contextlib.ExitStack() as lines:
        asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        waiting = [lines.enter_context(open_line(server.port, asked)) for _ in range(50)]
        server.stop()
        # The one turn before its listener closes.
        server.run()
        answers = [line.recv(100).split(b" ")[1] for line in waiting]
    assert answers == [b"200"] * 50
