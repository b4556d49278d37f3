"""Staff page: the mirror that this installation is: what it holds, until when, its next sync."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts import audit
from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import work
from catalogue.mirrors import status
from catalogue.mirrors.options import MirrorOptions
from catalogue.mirrors.status import MirrorStatus, NoMirrorError
from jobs import queue
from jobs.models import Job, JobState
from storage.clock import now
from storage.refusals import NotFoundError
from storage.request import installation, reading, writing

staff = Blueprint(
    "catalogue_mirror", __name__, url_prefix="/staff/mirror", template_folder="templates"
)


class NoUpstreamError(NotFoundError):
    code = "mirror-no-upstream"
    ru = "Адрес источника не задан: нужна переменная FLATPRO_MIRROR_URL."
    en = "No upstream is set: the variable FLATPRO_MIRROR_URL names it."


@dataclass(frozen=True)
class LastSync:
    """The newest job that took from the upstream."""

    state: JobState
    done: int
    total: int | None
    note: str
    error: str | None

    @property
    def is_going_on(self) -> bool:
        return self.state in {JobState.QUEUED, JobState.RUNNING}


@staff.get("/")
@staff_rule
def mirror_page() -> str:
    """Whether this is a mirror, of whom, and how it stands."""
    with reading() as session:
        try:
            found: MirrorStatus | None = status.read(session, installation().blobs, now())
        except NoMirrorError:
            found = None
        generations = status.generations(session)
        last = _last_sync(session)
    return render_template(
        "mirrors/mirror.html",
        mirror=found,
        generations=generations,
        last=last,
        now=now(),
        upstream=installation().option(MirrorOptions).url,
    )


@staff.post("/sync")
@roles(Role.PUBLISHER)
def sync() -> Response:
    """Ask for a sync as a job; one that waits or runs already is enough."""
    if not installation().option(MirrorOptions).url:
        raise NoUpstreamError
    with writing() as session:
        last = _last_sync(session)
        if last is None or not last.is_going_on:
            queue.submit(session, work.SYNC, {}, actor=acting().login, now=now())
            audit.record(session, acting().login, "mirror.sync", "mirror", now())
    flash(_("The mirror is being brought up to date."), "good")
    return redirect(url_for(".mirror_page"))


def _last_sync(session: Session) -> LastSync | None:
    job = session.scalar(select(Job).where(Job.kind == work.SYNC).order_by(Job.id.desc()).limit(1))
    if job is None:
        return None
    state = JobState(job.state)
    return LastSync(state, job.progress_done, job.progress_total, job.progress_note, job.error)
