"""/healthz and /readyz, on every plane."""

import threading

from flask import Blueprint, Flask, current_app

from accounts.access import anyone
from catalogue import expiry
from portal.blob_care import standing
from storage.clock import now
from storage.db import DatabaseUnavailableError
from storage.request import installation, reading

_STARTED = "flatpro.started"

blueprint = Blueprint("health", __name__)


def started(app: Flask) -> threading.Event:
    """The event that start-up sets when it is over, the demo included."""
    event: threading.Event = app.extensions.setdefault(_STARTED, threading.Event())
    return event


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
