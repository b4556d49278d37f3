"""Staff page: the stored files, what lies in quarantine, and a look at everything on request."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from accounts import audit
from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from jobs import queue
from portal.blob_care import standing, work
from storage.clock import now
from storage.request import installation, reading, writing

CARERS = roles(Role.ADMIN)

staff = Blueprint("blob_care", __name__, url_prefix="/staff/storage", template_folder="templates")


@staff.get("/")
@staff_rule
def storage_page() -> str:
    """What is stored, what lies in quarantine, when each file was read last."""
    with reading() as session:
        found = standing.of(session, installation().blobs)
    return render_template("storage.html", standing=found, may_scrub=CARERS.allows(acting()))


@staff.post("/scrub")
@CARERS
def scrub_all() -> AnyResponse:
    """Ask for every file to be read again."""
    with writing() as session:
        job = queue.submit(session, work.SCRUB_ALL, {}, actor=acting().login, now=now())
        audit.record(session, acting().login, "blob.scrub", f"job:{job.id}", now())
    flash(_("All files are being read again; the jobs page shows how far it is."), "good")
    return redirect(url_for(".storage_page"))
