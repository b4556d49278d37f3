"""Staff pages: the loaner pool, and a loan from its reservation to the wiping."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from storage import clock
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support.loaners import lending, pool
from support.loaners.standing import PoolState
from support.repairs import records
from support.row_ids import row_id

LENDERS = roles(Role.AGENT, Role.ENGINEER)

staff = Blueprint("loaners", __name__, url_prefix="/staff/loaners", template_folder="templates")


@staff.get("/")
@staff_rule
def pool_page() -> Response:
    """Where every phone of the pool is, and who is to give one back."""
    return _page()


@staff.post("/")
@LENDERS
def add() -> Redirect:
    """Put a phone from stock into the pool."""

    def write(session: Session, actor: str, now: datetime) -> None:
        value = pool.value_of(request.form.get("value", ""))
        pool.add(session, request.form.get("serial", ""), value, actor=actor, now=now)

    return _do(write, _("The phone is in the pool."))


@staff.post("/<int:loaner_id>/service")
@LENDERS
def service(loaner_id: int) -> Redirect:
    """Take a phone out for service, or back."""
    out = request.form.get("in_service") == "yes"

    def write(session: Session, actor: str, now: datetime) -> None:
        pool.set_service(session, loaner_id, in_service=out, actor=actor, now=now)

    return _do(write, _("Noted."))


@staff.post("/reserve/<int:unit_id>")
@LENDERS
def reserve(unit_id: int) -> Redirect:
    """Set a loaner aside for a repair."""
    chosen = row_id(request.form.get("loaner", ""))

    def write(session: Session, actor: str, now: datetime) -> None:
        unit = records.unit(session, unit_id)
        why = request.form.get("why", "")
        lending.reserve(session, unit, chosen, why, actor=actor, now=now)

    return _do(write, _("The loaner is set aside. Hand it out from this page."))


@staff.post("/loans/<int:loan_id>/hand-out")
@LENDERS
def hand_out(loan_id: int) -> Redirect:
    """Send a loaner with the customer's settings; its token is shown here and never again."""
    try:
        with writing() as session:
            token = lending.hand_out(
                session, installation(), loan_id, actor=acting().login, now=clock.now()
            )
            device = lending.get(session, loan_id).loaner.device
            address = f"{installation().phone_url}/p/{token}/{device.mac}.cfg"
    except RefusedError as error:
        return _page(error)
    return _page(shown=address)


@staff.post("/loans/<int:loan_id>/<any(cancel, back, wiped, lost):step>")
@LENDERS
def loan_step(loan_id: int, step: str) -> Redirect:
    """The next thing that happens to a loan."""

    def write(session: Session, actor: str, now: datetime) -> None:
        if step == "back":
            lending.came_back(session, installation(), loan_id, actor=actor, now=now)
            return
        deeds = {"cancel": lending.cancel, "wiped": lending.wipe, "lost": lending.lost}
        deeds[step](session, loan_id, actor=actor, now=now)

    return _do(write, _("Noted."))


def _do(write: Callable[[Session, str, datetime], None], done: str) -> Redirect:
    try:
        with writing() as session:
            write(session, acting().login, clock.now())
    except RefusedError as error:
        return _page(error)
    flash(done)
    return redirect(url_for(".pool_page"))


def _page(error: RefusedError | None = None, shown: str = "") -> Response:
    with reading() as session:
        page = render_template(
            "loaners/pool.html",
            pool=pool.look(session, clock.now()),
            states=PoolState,
            may_lend=acting().role in {Role.AGENT, Role.ENGINEER, Role.ADMIN},
            typed=request.form,
            shown=shown,
            error=error,
        )
    headers = {"Cache-Control": "no-store"}
    return Response(page, status_of(error) if error else 200, headers, mimetype="text/html")
