"""Logs: one JSON record a line on stderr, control characters escaped, no secret in a path."""

import contextlib
import logging
import re
import secrets
import time
from io import FileIO
from pathlib import Path

import structlog
from flask import Flask, Response, g, request

from portal.log_lines import LogLines, to_stderr

#: /p/<token>/…, /support/r/<token>: a secret, so a record holds only that there was one.
_TOKEN_PATH = re.compile(
    r"^(/*p/+|(?:/[a-z]{2})?/(?:support/r|repair/r|warranty/certificate)/)(?!auth/)[^/]{20,}"
)


#: The log file that is open now; set up again, it is closed first.
_file = contextlib.ExitStack()


def configure(log_file: Path | None = None) -> None:
    """Set up logging for this process: to `log_file`, or to standard error."""
    _file.close()
    lines = LogLines(_file.enter_context(_opened(log_file)).write if log_file else to_stderr)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Bridge()], force=True)


def _opened(path: Path) -> FileIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not buffered: several processes append whole records to one file.
    return path.open("ab", buffering=0)


class _Bridge(logging.Handler):
    """Libraries' warnings and failures in the same JSON form, with their tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        told = structlog.get_logger(record.name).bind(message=record.getMessage())
        told.log(record.levelno, "library", exc_info=record.exc_info)


def masked_path(path: str) -> str:
    """The path as a log may hold it."""
    return _TOKEN_PATH.sub(r"\1…", path)


def init_app(app: Flask, *, tells_request_id: bool) -> None:
    """One record for each request; people can name theirs, a phone's refusals are all alike."""
    log = structlog.get_logger("request")

    @app.before_request
    def _start() -> None:
        g.started = time.perf_counter()
        # Jobs that this request submits carry it on (jobs/queue.py).
        g.request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def _record(response: Response) -> Response:
        log.info(
            "request",
            method=request.method[:16],
            path=masked_path(request.path)[:512],
            status=response.status_code,
            ms=round(1000 * (time.perf_counter() - g.get("started", time.perf_counter())), 1),
            address=request.remote_addr,
            agent=request.headers.get("User-Agent", "")[:200],
        )
        if tells_request_id and "request_id" in g:
            response.headers["X-Request-Id"] = g.request_id
        return response
