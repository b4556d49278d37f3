"""One log record for each request, with a name that its jobs carry on."""

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request

#: /p/<token>/…, /support/r/<token>: a secret, so a record holds only that there was one.
_TOKEN_PATH = re.compile(
    r"^(/*p/+|(?:/[a-z]{2})?/(?:support/r|repair/r|warranty/certificate)/)(?!auth/)[^/]{20,}"
)


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
