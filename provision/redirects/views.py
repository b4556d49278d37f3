"""Staff pages of the redirect service: claims of partners, and codes for boxes."""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from provision.redirects import box_codes, deciding, listing, words
from provision.redirects.box_codes import MadeCode
from provision.redirects.judging import TERMS_DAYS
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing

DECIDERS = roles(Role.AGENT, Role.ENGINEER)

staff = Blueprint("redirects", __name__, url_prefix="/staff/claims", template_folder="templates")


@staff.get("/")
@staff_rule
def claims_page() -> Response:
    """What partners ask for, what stands, and what is over."""
    return _page()


@staff.post("/<int:number>/approve")
@DECIDERS
def approve(number: int) -> Redirect:
    """Send the phone to the partner's server."""
    typed = request.form.get("days", "")
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0

    def write(session: Session, actor: str, at: datetime) -> None:
        deciding.approve(session, number, days, actor=actor, now=at)

    return _do(write, _("Approved: the phone's next first contact leads to the partner's server."))


@staff.post("/<int:number>/<any(refuse, revoke):step>")
@DECIDERS
def end(number: int, step: str) -> Redirect:
    """Say no to a claim, or end one that stands; the reason is for the partner."""
    deeds = {"refuse": deciding.refuse, "revoke": deciding.revoke}

    def write(session: Session, actor: str, at: datetime) -> None:
        deeds[step](session, number, request.form.get("reason", ""), actor=actor, now=at)

    return _do(write, _("Noted: the partner reads the reason."))


@staff.post("/codes")
@DECIDERS
def make_codes() -> Response:
    """Codes for the boxes of these phones; this answer shows them, and nothing else ever does."""
    typed = request.form.get("units", "")
    try:
        with writing() as session:
            made = box_codes.make_many(
                session, installation(), typed, actor=acting().login, now=now()
            )
    except RefusedError as error:
        return _page(error, typed=typed)
    return _page(made=made)


def _do(write: Callable[[Session, str, datetime], None], done: str) -> Redirect:
    try:
        with writing() as session:
            write(session, acting().login, now())
    except RefusedError as error:
        return _page(error)
    flash(done)
    return redirect(address_of(".claims_page"))


def _page(
    error: RefusedError | None = None, *, typed: str = "", made: Sequence[MadeCode] = ()
) -> Response:
    at = now()
    with reading() as session:
        waiting, decided = listing.waiting(session, at), listing.decided(session, at)
    page = render_template(
        "redirects/claims.html",
        waiting=waiting,
        decided=decided,
        states=words.states(),
        terms=[(days, _("%(days)s days", days=days)) for days in reversed(TERMS_DAYS)],
        may_decide=DECIDERS.allows(acting()),
        error=error,
        typed=typed,
        made=made,
        language="en" if str(get_locale()) == "en" else "ru",
    )
    answer = make_response(page, status_of(error) if error else 200)
    if made:
        answer.headers["Cache-Control"] = "no-store"
    return answer
