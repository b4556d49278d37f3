"""gunicorn for people's and staff's pages, behind nginx: `gunicorn -c gunicorn.py wsgi:app`.

Never let clients reach it without nginx: one that says nothing holds a thread.
"""

import os
from pathlib import Path
from typing import Any

bind = os.environ.get("FLATPRO_BIND", "127.0.0.1:8080")
workers = int(os.environ.get("FLATPRO_WEB_PROCESSES", "2"))
worker_class = "gthread"
threads = 16
# An upload of an image through a slow line is work, and not a hung process.
timeout = 600
graceful_timeout = 30
keepalive = 75
# What nginx lets through (4 x 32k) the program answers itself, never a page of gunicorn.
limit_request_line = 8190
limit_request_field_size = 32_768
forwarded_allow_ips = "127.0.0.1"
accesslog = None

# Counters of all processes together; systemd makes the folder anew at each start.
_counters = os.environ.get("PROMETHEUS_MULTIPROC_DIR")


def on_starting(_server: Any) -> None:
    """Forget the counters of the run before, or a dead process counts for ever."""
    if _counters:
        Path(_counters).mkdir(parents=True, exist_ok=True)
        for left in Path(_counters).glob("*.db"):
            left.unlink()


def child_exit(_server: Any, worker: Any) -> None:
    """A process that ended no longer holds gauges of its own."""
    if _counters:
        from prometheus_client import multiprocess  # noqa: PLC0415 - only where it is in use

        multiprocess.mark_process_dead(worker.pid)
