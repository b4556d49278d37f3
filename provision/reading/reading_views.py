"""Staff page action: read all phones that a filter of the list names."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.models import Role
from jobs import queue
from provision import work
from storage.clock import now
from storage.request import writing

staff = Blueprint("readings", __name__, url_prefix="/staff/devices")

#: Who may ask a phone: support does it all day.
READERS = roles(Role.AGENT, Role.ENGINEER)
_NAMED_MAX = 200


@staff.post("/read")
@READERS
def read_many() -> Response:
    """Read the phones as a job, and go back to the list."""
    wanted = {name: request.form.get(name, "")[:_NAMED_MAX] for name in ("q", "product", "site")}
    with writing() as session:
        queue.submit(session, work.READ, wanted, actor=acting().login, now=now())
    flash(_("The phones are being read over SNMP; their pages show what they tell."))
    return redirect(
        url_for(
            "provision_staff.devices",
            q=wanted["q"] or None,
            product=wanted["product"] or None,
            site=wanted["site"] or None,
        )
    )
