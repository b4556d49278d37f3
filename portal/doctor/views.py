"""Staff page: the same findings as `flatpro doctor`, for those who keep an installation."""

from flask import Blueprint, render_template
from flask_babel import get_locale

from accounts.access import roles
from accounts.models import Role
from portal.doctor import examining
from portal.doctor.finding import worst
from storage.clock import now
from storage.request import installation

#: A page does not wait longer for a mail server.
PATIENCE_S = 1.0

staff = Blueprint("doctor", __name__, url_prefix="/staff/health")


@staff.get("/")
@roles(Role.ADMIN)
def health_page() -> str:
    """What was looked at, how it is, and what to do."""
    findings = examining.examine(installation(), now(), PATIENCE_S)
    return render_template(
        "doctor.html", findings=findings, worst=worst(findings), language=str(get_locale())
    )
