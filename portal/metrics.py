"""/metrics in Prometheus's format, on every plane, for loopback or a token of staff."""

import os
import time
from datetime import datetime, timedelta
from ipaddress import ip_address

from flask import Blueprint, Response, abort, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import tokens
from accounts.access import STAFF_ROLES, anyone
from catalogue import expiry
from jobs.models import Job, JobState
from portal.blob_care import standing
from provision.devices.models import Device
from provision.tftp import counting
from storage.blob_keeping.copies import Held
from storage.blob_keeping.standby import StandbyBlobStore
from storage.blobs import BlobStore
from storage.clock import now
from storage.request import installation, reading
from support.mailroom.models import OutgoingMail

blueprint = Blueprint("metrics", __name__)

requests_total = Counter("flatpro_requests", "Answers by status class.", ["status"])
request_seconds = Histogram(
    "flatpro_request_seconds",
    "How long an answer took to make, its bytes not sent yet.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
#: A phone that did not call for so long counts as silent.
_SEEN = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


def count(status: int, took_s: float | None) -> None:
    """Count an answer, and how long it took to make where that is known."""
    requests_total.labels(f"{status // 100}xx").inc()
    if took_s is not None:
        request_seconds.observe(took_s)


@blueprint.after_app_request
def _count(response: Response) -> Response:
    count(response.status_code, time.perf_counter() - g.started if "started" in g else None)
    return response


@blueprint.get("/metrics")
@anyone
def metrics() -> Response:
    """Prometheus text, for loopback or a bearer token; to others the page does not exist."""
    if not _may_see():
        abort(404)
    registry = CollectorRegistry()
    with reading() as session:
        _measure_jobs(registry, session, now())
        _measure_trust(registry, session, now())
        _measure_fleet(registry, session, now())
        _measure_letters(registry, session)
        _measure_storage(registry, standing.of(session, installation().blobs))
    _measure_bucket(registry, installation().blobs)
    body = generate_latest(_of_all_processes()) + generate_latest(registry)
    body += counting.exposition(installation())
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _measure_jobs(registry: CollectorRegistry, session: Session, now: datetime) -> None:
    jobs = Gauge("flatpro_jobs", "Jobs by state.", ["state"], registry=registry)
    counts = dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
    for state in JobState:
        jobs.labels(state).set(counts.get(state, 0))
    since = session.scalar(
        select(func.min(Job.run_after)).where(Job.state == JobState.QUEUED, Job.run_after <= now)
    )
    waited = Gauge(
        "flatpro_job_oldest_waiting_seconds",
        "How long the oldest job that is due has waited.",
        registry=registry,
    )
    waited.set((now - since).total_seconds() if since else 0)


def _measure_trust(registry: CollectorRegistry, session: Session, now: datetime) -> None:
    lives = Gauge(
        "flatpro_metadata_expiry_seconds",
        "How long a file of the TUF repository is still believed.",
        ["view", "role"],
        registry=registry,
    )
    for age in expiry.ages(session, now):
        lives.labels(age.place.view, age.place.role).set(age.left.total_seconds())


def _measure_fleet(registry: CollectorRegistry, session: Session, now: datetime) -> None:
    devices = Gauge("flatpro_devices", "Phones in the register.", registry=registry)
    devices.set(session.scalar(select(func.count()).select_from(Device)) or 0)
    seen = Gauge(
        "flatpro_devices_seen", "Phones that called within it.", ["within"], registry=registry
    )
    for name, span in _SEEN.items():
        since = select(func.count()).where(Device.last_check_in_at > now - span)
        seen.labels(name).set(session.scalar(since) or 0)


def _measure_letters(registry: CollectorRegistry, session: Session) -> None:
    letters = Gauge("flatpro_letters", "Outgoing letters by state.", ["state"], registry=registry)
    counts = select(OutgoingMail.state, func.count()).group_by(OutgoingMail.state)
    for state, count in session.execute(counts):
        letters.labels(state).set(count)


def _of_all_processes() -> CollectorRegistry:
    """Counters of this process, or of all that gunicorn started (deploy/gunicorn.py)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # it is untyped there
    return registry


def _measure_storage(registry: CollectorRegistry, found: standing.Standing) -> None:
    figures: dict[str, tuple[str, int]] = {
        "flatpro_blobs": ("Stored files.", found.count),
        "flatpro_blob_bytes": ("Bytes of stored files.", found.size),
        "flatpro_blobs_bad": ("Stored files in quarantine.", len(found.bad)),
        "flatpro_blobs_never_checked": ("Stored files not read again yet.", found.never_checked),
    }
    if found.free_bytes is not None:
        figures["flatpro_storage_free_bytes"] = ("Room for stored files.", found.free_bytes)
    for name, (words, value) in figures.items():
        Gauge(name, words, registry=registry).set(value)


def _measure_bucket(registry: CollectorRegistry, blobs: BlobStore) -> None:
    """Zeros where files lie on a local disk."""
    away_s, held = 0.0, Held(0, 0)
    if isinstance(blobs, StandbyBlobStore):
        away_s, held = blobs.away_s() or 0.0, blobs.copies.held()
    figures: dict[str, tuple[str, float]] = {
        "flatpro_bucket_away_seconds": ("How long the bucket has not answered.", away_s),
        "flatpro_copies": ("Local copies of files of the bucket.", held.count),
        "flatpro_copy_bytes": ("Bytes of the local copies.", held.bytes),
    }
    for name, (words, value) in figures.items():
        Gauge(name, words, registry=registry).set(value)


def _may_see() -> bool:
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
        user = tokens.user_of(session, token, now())
    return user is not None and user.role in STAFF_ROLES
