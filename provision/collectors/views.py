"""Staff page: the collectors of sites."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from accounts import users
from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role, Site
from provision.collectors import keeping
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing

#: A collector reads with the secrets of its site's phones.
KEEPERS = roles(Role.ENGINEER)

staff = Blueprint(
    "collectors", __name__, url_prefix="/staff/collectors", template_folder="templates"
)


@staff.get("/", endpoint="collectors")
@staff_rule
def show() -> str:
    """Every collector and whether it is there."""
    return _page()


@staff.post("/")
@KEEPERS
def add() -> Response | tuple[str, int]:
    """A new collector; the page itself shows its token, once."""
    try:
        with writing() as session:
            site = users.site(session, request.form.get("site", ""))
            token = keeping.add(session, site, actor=acting().login, now=now())
    except RefusedError as error:
        return _page(error=error), 422
    answer = make_response(_page(token=token))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@staff.post("/<int:number>/revoke")
@KEEPERS
def revoke(number: int) -> Response:
    """End a collector's token."""
    with writing() as session:
        keeping.revoke(session, number, actor=acting().login, now=now())
    flash(_("The collector was revoked."), "attention")
    return redirect(url_for(".collectors"))


def _page(token: str | None = None, error: RefusedError | None = None) -> str:
    with reading() as session:
        found = keeping.every(session, now())
        sites = session.scalars(select(Site.name).order_by(Site.name)).all()
    return render_template(
        "collectors/collectors.html",
        collectors=found,
        site_options=[(name, name) for name in sites],
        token=token,
        error=error,
        language="en" if str(get_locale()) == "en" else "ru",
        server=installation().public_url,
        may_keep=KEEPERS.allows(acting()),
    )
