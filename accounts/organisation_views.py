"""Staff pages: organisations, and which partner serves which customer."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts import organisations
from accounts.access import acting, roles
from accounts.models import OrganisationKind, Role
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import reading, status_of, writing

blueprint = Blueprint(
    "organisations", __name__, url_prefix="/staff/organisations", template_folder="templates"
)
_KINDS = (OrganisationKind.CUSTOMER, OrganisationKind.PARTNER)


@blueprint.get("/")
@roles(Role.ADMIN)
def organisations_page() -> str:
    """Every organisation and who serves it."""
    return _page(None)


@blueprint.post("/")
@roles(Role.ADMIN)
def add() -> Response | tuple[str, int]:
    """Put an organisation on record."""
    form = request.form
    kind = next((one for one in _KINDS if one == form.get("kind")), OrganisationKind.CUSTOMER)
    partner = form.get("partner", "") if kind is OrganisationKind.CUSTOMER else ""
    try:
        with writing() as session:
            made = organisations.add(
                session, form.get("name", ""), kind, partner, actor=acting().login, now=now()
            ).name
    except RefusedError as error:
        return _page(error), status_of(error)
    flash(_("The organisation %(name)s was added.", name=made))
    return redirect(url_for(".organisations_page"))


@blueprint.post("/partner")
@roles(Role.ADMIN)
def assign() -> Response | tuple[str, int]:
    """Let a partner serve a customer, or nobody."""
    name, partner = request.form.get("customer", ""), request.form.get("partner", "")
    try:
        with writing() as session:
            organisations.assign(session, name, partner, actor=acting().login, now=now())
    except RefusedError as error:
        return _page(error), status_of(error)
    flash(_("The partner of %(name)s was changed.", name=name))
    return redirect(url_for(".organisations_page"))


def _page(error: RefusedError | None) -> str:
    with reading() as session:
        return render_template(
            "accounts/organisations.html",
            rows=organisations.every(session),
            partners=organisations.partners(session),
            typed=request.form,
            error=error,
        )
