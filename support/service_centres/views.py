"""Staff pages: service centres of official partners (W-11, D-2)."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.models import Organisation, OrganisationKind, Role
from storage.clock import now
from storage.refusals import NotFoundError, RefusedError
from storage.request import reading, status_of, writing
from support.service_centres import register
from support.service_centres.choosing import VENDOR, Centre
from support.service_centres.listing import listed

#: Where phones of a whole region go is the administrators', as are the partners themselves.
KEEPERS = roles(Role.ADMIN)
#: Longer than any list of regions; the country has fewer than a hundred.
_TYPED_MAX = 20_000

staff = Blueprint(
    "service_centres", __name__, url_prefix="/staff/service-centres", template_folder="templates"
)


@staff.get("/")
@KEEPERS
def centres_page() -> str:
    """Every service centre, and the phones that are at each or on their way to it."""
    with reading() as session:
        return render_template("service_centres/list.html", centres=listed(session), vendor=VENDOR)


@staff.get("/new")
@KEEPERS
def new() -> Response:
    """The form for a partner's centre."""
    return _form({"starts_clock": "1"})


@staff.post("/new")
@KEEPERS
def add() -> Response | Redirect:
    """Record a partner's centre."""
    form = request.form
    try:
        with writing() as session:
            owner = form.get("partner", "")
            register.add(session, _typed(form), owner, actor=acting().login, now=now())
    except RefusedError as error:
        return _form(form, error=error)
    flash(_("The service centre is on record. New acts from its regions go there."), "good")
    return redirect(url_for(".centres_page"))


@staff.get("/<int:centre_id>")
@KEEPERS
def centre(centre_id: int) -> Response:
    """The form of one centre."""
    with reading() as session:
        row = register.get(session, centre_id)
        known = {
            "name": row.name,
            "address": row.address,
            "regions": "\n".join(row.regions),
            "starts_clock": "1" if row.starts_clock else "",
        }
    return _form(known, centre_id)


@staff.post("/<int:centre_id>")
@KEEPERS
def change(centre_id: int) -> Response | Redirect:
    """Change one centre; one that was closed is open again."""
    try:
        with writing() as session:
            row = register.get(session, centre_id)
            register.change(session, row, _typed(request.form), actor=acting().login, now=now())
    except NotFoundError:
        raise
    except RefusedError as error:
        return _form(request.form, centre_id, error)
    flash(_("The service centre was changed. Acts that are filed already keep their address."))
    return redirect(url_for(".centres_page"))


@staff.post("/<int:centre_id>/close")
@KEEPERS
def close(centre_id: int) -> Redirect:
    """Send no new act there; phones under way stay where they are."""
    with writing() as session:
        row = register.get(session, centre_id)
        register.close(session, row, actor=acting().login, now=now())
    flash(_("The service centre takes no new phones any more."))
    return redirect(url_for(".centres_page"))


def _typed(form: Mapping[str, str]) -> Centre:
    lines = form.get("regions", "")[:_TYPED_MAX].splitlines()
    return Centre(
        name=form.get("name", ""),
        address=form.get("address", ""),
        regions=tuple(lines),
        starts_clock=bool(form.get("starts_clock")),
        partner=True,
    )


def _form(
    typed: Mapping[str, str], centre_id: int | None = None, error: RefusedError | None = None
) -> Response:
    with reading() as session:
        row = register.get(session, centre_id) if centre_id is not None else None
        page = render_template(
            "service_centres/form.html",
            centre=row,
            typed=typed,
            partners=[("", _("choose")), *((name, name) for name in _partners(session))],
            error=error,
        )
    return Response(page, status_of(error) if error else 200)


def _partners(session: Session) -> Sequence[str]:
    query = select(Organisation.name).where(Organisation.kind == OrganisationKind.PARTNER)
    return session.scalars(query.order_by(Organisation.name)).all()
