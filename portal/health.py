"""/healthz, /readyz and /metrics, on every plane."""

import os
import threading
from ipaddress import ip_address

from flask import Blueprint, Flask, Response, abort, current_app, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
    multiprocess,
)
from sqlalchemy import func, select

from accounts import tokens
from accounts.access import anyone
from catalogue import expiry
from jobs.models import Job
from portal.blob_care import standing
from storage.clock import now
from storage.db import DatabaseUnavailableError
from storage.request import installation, reading

_STARTED = "flatpro.started"

blueprint = Blueprint("health", __name__)

requests_total = Counter("flatpro_requests", "Answers by status class.", ["status"])


def started(app: Flask) -> threading.Event:
    """The event that start-up sets when it is over, the demo included."""
    event: threading.Event = app.extensions.setdefault(_STARTED, threading.Event())
    return event


@blueprint.after_app_request
def _count(response: Response) -> Response:
    requests_total.labels(f"{response.status_code // 100}xx").inc()
    return response


@blueprint.get("/healthz")
@anyone
def healthz() -> tuple[str, int, dict[str, str]]:
    """200 once start-up is over; the process lives."""
    if started(current_app).is_set():
        return "ok\n", 200, {"Content-Type": "text/plain"}
    return "starting\n", 503, {"Content-Type": "text/plain", "Retry-After": "2"}


@blueprint.get("/readyz")
@anyone
def readyz() -> tuple[str, int, dict[str, str]]:
    """200 while the database answers: send people here."""
    try:
        installation().database.check()
    except DatabaseUnavailableError:
        return "database unavailable\n", 503, {"Content-Type": "text/plain", "Retry-After": "5"}
    return "ready\n" + _notes(), 200, {"Content-Type": "text/plain"}


def _notes() -> str:
    """A line for each thing that somebody must see to; people are served meanwhile."""
    with reading() as session:
        alarming = expiry.alarming(session, now())
        bad = standing.bad(session)
    return "".join(
        f"note: the stored file {one.sha256} is {one.health}, and not served until it is refilled\n"
        for one in bad
    ) + "".join(
        f"note: the metadata file {age.place} expires {age.expires_at:%Y-%m-%dT%H:%M:%SZ}\n"
        for age in alarming
    )


@blueprint.get("/metrics")
@anyone
def metrics() -> Response:
    """Prometheus text, for loopback or a bearer token; to others the page does not exist."""
    if not _may_see_metrics():
        abort(404)
    registry = CollectorRegistry()
    jobs = Gauge("flatpro_jobs", "Jobs by state.", ["state"], registry=registry)
    lives = Gauge(
        "flatpro_metadata_expiry_seconds",
        "How long a file of the TUF repository is still believed.",
        ["view", "role"],
        registry=registry,
    )
    with reading() as session:
        counts = session.execute(select(Job.state, func.count()).group_by(Job.state))
        for state, count in counts:
            jobs.labels(state).set(count)
        for age in expiry.ages(session, now()):
            lives.labels(age.place.view, age.place.role).set(age.left.total_seconds())
        _measure_storage(registry, standing.of(session, installation().blobs))
    body = generate_latest(_of_all_processes()) + generate_latest(registry)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _of_all_processes() -> CollectorRegistry:
    """Counters of this process, or of all that gunicorn started (deploy/gunicorn.py)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _measure_storage(registry: CollectorRegistry, found: standing.Standing) -> None:
    figures = {
        "flatpro_blobs": ("Stored files.", found.count),
        "flatpro_blob_bytes": ("Bytes of stored files.", found.size),
        "flatpro_blobs_bad": ("Stored files in quarantine.", len(found.bad)),
        "flatpro_blobs_never_checked": ("Stored files not read again yet.", found.never_checked),
    }
    if found.free_bytes is not None:
        figures["flatpro_storage_free_bytes"] = ("Room for stored files.", found.free_bytes)
    for name, (words, value) in figures.items():
        Gauge(name, words, registry=registry).set(value)


def _may_see_metrics() -> bool:
    # A proxy on this machine also comes from loopback, so a forwarded request is not local.
    if (
        "X-Forwarded-For" not in request.headers
        and ip_address(request.remote_addr or "::").is_loopback
    ):
        return True
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not token:
        return False
    with reading() as session:
        return tokens.user_of(session, token, now()) is not None
