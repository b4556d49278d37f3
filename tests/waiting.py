"""Waiting for what another thread or process does in its own time."""

import time
from collections.abc import Callable
from pathlib import Path


def until(holds: Callable[[], bool], *, within_s: float = 20.0, each_s: float = 0.05) -> None:
    """Return as soon as `holds` says yes; the test fails if it never does.

    The limit is for what is broken, not for what is slow: a busy machine takes its time.
    """
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {within_s:g} s"
        time.sleep(each_s)


def hears_udp(port: int) -> bool:
    """Whether somebody on this machine has bound the UDP port."""
    return f":{port:04X} " in Path("/proc/net/udp").read_text("ascii")
