"""One log record for each request, with a name that its jobs carry on."""

import re
import secrets
import time
from dataclasses import dataclass

import structlog
from flask import Flask, Response, g, request

#: /p/<token>/…, /support/r/<token>: a secret, so a record holds only that there was one.
_TOKEN_PATH = re.compile(
    r"^(/*p/+|(?:/[a-z]{2})?/(?:support/r|repair/r|warranty/certificate)/)(?!auth/)[^/]{20,}"
)
_log = structlog.get_logger("request")


def masked_path(path: str) -> str:
    """The path as a log may hold it."""
    return _TOKEN_PATH.sub(r"\1…", path)


@dataclass(frozen=True, slots=True)
class Answered:
    """A request as its record tells it."""

    method: str
    path: str
    status: int
    took_s: float
    address: str | None
    agent: str


def record(answered: Answered) -> None:
    """Write the record of one request."""
    _log.info(
        "request",
        method=answered.method[:16],
        path=masked_path(answered.path)[:512],
        status=answered.status,
        ms=round(1000 * answered.took_s, 1),
        address=answered.address,
        agent=answered.agent[:200],
    )


def init_app(app: Flask, *, tells_request_id: bool) -> None:
    """One record for each request; people can name theirs, a phone's refusals are all alike."""

    @app.before_request
    def _start() -> None:
        g.started = time.perf_counter()
        # Jobs that this request submits carry it on (jobs/queue.py).
        g.request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def _record(response: Response) -> Response:
        record(
            Answered(
                request.method,
                request.path,
                response.status_code,
                time.perf_counter() - g.get("started", time.perf_counter()),
                request.remote_addr,
                request.headers.get("User-Agent", ""),
            )
        )
        if tells_request_id and "request_id" in g:
            response.headers["X-Request-Id"] = g.request_id
        return response
